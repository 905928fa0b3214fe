"""An RSA public key (PKCS#1) without a library."""

import base64
import hashlib


def read_public_key(path):
    with open(path) as file:
        lines = [line for line in file.read().splitlines() if not line.startswith("-")]
    der = base64.b64decode("".join(lines))

    def value(at):
        length, at = der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at : at + count], "big"), at + count
        return at, at + length

    start, _ = value(0)
    n_start, n_end = value(start)
    e_start, e_end = value(n_end)
    n, e = der[n_start:n_end].lstrip(b"\0"), der[e_start:e_end].lstrip(b"\0")

    def string(data):
        head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
        return head + data + bytes(-(len(head) + len(data)) % 4)

    digest = hashlib.sha1(string(n) + string(e)).digest()
    fingerprint = int.from_bytes(digest[-8:], "little", signed=True)
    return fingerprint, int.from_bytes(n, "big"), int.from_bytes(e, "big")
