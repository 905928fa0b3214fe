#!/usr/bin/env python3
"""A server put together from parts of clients that nobody here wrote, for `mtproto-client` to talk to.

    cargo build --release -p mtproto-runtime --example mtproto-client
    python3 -m venv FOLDER && FOLDER/bin/pip install telethon==1.45.0 kurigram==2.2.26 tgcrypto
    FOLDER/bin/python mtproto-runtime/tests/strangers/server_of_parts.py

Framing, checksums and AES-CTR are Telethon's; AES-IGE, key derivation, and every byte of TL, of the key
exchange as of messages, are kurigram's. What no client has stands here: RSA_PAD undone, the other half of
Diffie and Hellman, the old key derivation under which temporary keys are bound, and who answers what. Runs
all steps of the client over each transport, with and without temporary keys, prints its lines, and how many
were good. Every connection is told a wrong salt first, and each answer to `help.getConfig` is compressed.
"""

import asyncio
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time
from hashlib import sha1, sha256
from io import BytesIO

import rsa
from pyrogram.crypto import aes, mtproto
from pyrogram.crypto.prime import CURRENT_DH_PRIME
from pyrogram.raw import functions, types
from pyrogram.raw.core import Bool, FutureSalt, FutureSalts, GzipPacked, Int, Long, Message, MsgContainer, TLObject
from telethon.crypto import AESModeCTR
from telethon.network.connection.tcpabridged import AbridgedPacketCodec
from telethon.network.connection.tcpfull import FullPacketCodec
from telethon.network.connection.tcpintermediate import IntermediatePacketCodec, RandomizedIntermediatePacketCodec

ROOT = pathlib.Path(__file__).resolve().parents[3]
DC = 2
PUBLIC, PRIVATE = rsa.newkeys(2048, exponent=65537)
CODECS = [AbridgedPacketCodec, IntermediatePacketCodec, RandomizedIntermediatePacketCodec]
# Bytes of keys by their ids; what temporary ones are bound to; sessions that were greeted.
KEYS, EXPIRY, BOUND, GREETED = {}, {}, {}, set()
REFUSED = []


def tl_bytes(data):
    """As TL writes a string."""
    head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)


def fingerprint():
    n = PUBLIC.n.to_bytes(256, "big")
    return int.from_bytes(sha1(tl_bytes(n) + tl_bytes(b"\x01\x00\x01")).digest()[12:], "little", signed=True)


def little(number, length):
    return number.to_bytes(length, "little", signed=True)


def key_id(key):
    return sha1(key).digest()[12:]


class Obfuscated:
    """The other end of a stream that begins with 64 random bytes."""

    def __init__(self, reader, head):
        self.reader = reader
        self.incoming = AESModeCTR(head[8:40], head[40:56])
        turned = head[8:56][::-1]
        self.outgoing = AESModeCTR(turned[:32], turned[32:48])
        self.tag = self.incoming.decrypt(head)[56:60]

    async def readexactly(self, count):
        return self.incoming.decrypt(await self.reader.readexactly(count))


class Begun:
    """A stream from which something was read."""

    def __init__(self, reader, head):
        self.reader, self.head = reader, head

    async def readexactly(self, count):
        taken, self.head = self.head[:count], self.head[count:]
        return taken + await self.reader.readexactly(count - len(taken))


class Yes:
    """`boolTrue`, which kurigram has as bytes alone."""

    @staticmethod
    def write():
        return Bool(True)


class Link:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.stream = None
        self.last_id = 0
        self.salts = {}
        self.exchange = {}

    async def detect(self):
        head = await self.reader.readexactly(4)
        for codec in CODECS[1:]:
            if head == codec.obfuscate_tag:
                self.codec, self.source = codec(None), self.reader
                return
        if head[0] == 0xEF:
            self.codec, self.source = AbridgedPacketCodec(None), Begun(self.reader, head[1:])
            return
        head += await self.reader.readexactly(4)
        if head[4:] == bytes(4):
            self.codec, self.source = FullPacketCodec(None), Begun(self.reader, head)
            return
        self.stream = self.source = Obfuscated(self.reader, head + await self.reader.readexactly(56))
        self.codec = next(codec for codec in CODECS if codec.obfuscate_tag == self.stream.tag)(None)

    async def serve(self):
        try:
            await self.detect()
            while True:
                packet = await self.codec.read_packet(self.source)
                if packet[:8] == bytes(8):
                    self.plain(packet)
                else:
                    self.encrypted(packet)
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Exception as error:
            REFUSED.append(repr(error))
            raise
        finally:
            self.writer.close()

    def send(self, packet):
        packet = self.codec.encode_packet(packet)
        self.writer.write(self.stream.outgoing.encrypt(packet) if self.stream else packet)

    def next_id(self, is_answer):
        # Answers to messages have 1 in the last two bits, everything else 3.
        now = time.time_ns()
        wanted = (now // 10**9 << 32 | (now % 10**9 << 2)) & ~3
        self.last_id = max(wanted, self.last_id + 4)
        return self.last_id + (1 if is_answer else 3)

    # Key exchange.

    def plain(self, packet):
        length = int.from_bytes(packet[16:20], "little")
        answer = self.step(TLObject.read(BytesIO(packet[20 : 20 + length]))).write()
        self.send(bytes(8) + Long(self.next_id(True)) + Int(len(answer)) + answer)

    def step(self, request):
        state = self.exchange
        if isinstance(request, functions.ReqPqMulti):
            state.update(nonce=request.nonce, server_nonce=int.from_bytes(os.urandom(16), "little", signed=True))
            state.update(p=1_229_739_323, q=1_402_015_859)
            pq = (state["p"] * state["q"]).to_bytes(8, "big")
            return types.ResPQ(
                nonce=request.nonce,
                server_nonce=state["server_nonce"],
                pq=pq,
                server_public_key_fingerprints=[fingerprint()],
            )
        nonces = {"nonce": state["nonce"], "server_nonce": state["server_nonce"]}
        assert (request.nonce, request.server_nonce) == (nonces["nonce"], nonces["server_nonce"])
        if isinstance(request, functions.ReqDHParams):
            assert int.from_bytes(request.p, "big") == state["p"] and int.from_bytes(request.q, "big") == state["q"]
            assert request.public_key_fingerprint == fingerprint()
            inner = TLObject.read(BytesIO(unpad(request.encrypted_data)))
            assert isinstance(inner, (types.PQInnerDataDc, types.PQInnerDataTempDc)), inner
            assert inner.dc == DC and (inner.nonce, inner.server_nonce) == tuple(nonces.values())
            state.update(new_nonce=inner.new_nonce, expires_in=getattr(inner, "expires_in", None))
            state.update(a=secrets.randbits(2048))
            g_a = pow(3, state["a"], CURRENT_DH_PRIME)
            data = types.ServerDHInnerData(
                **nonces,
                g=3,
                dh_prime=CURRENT_DH_PRIME.to_bytes(256, "big"),
                g_a=g_a.to_bytes(256, "big"),
                server_time=int(time.time()),
            ).write()
            data = sha1(data).digest() + data
            data += os.urandom(-len(data) % 16)
            return types.ServerDHParamsOk(**nonces, encrypted_answer=aes.ige256_encrypt(data, *self.temporary()))
        assert isinstance(request, functions.SetClientDHParams), request
        data = aes.ige256_decrypt(request.encrypted_data, *self.temporary())
        stream = BytesIO(data[20:])
        inner = TLObject.read(stream)
        assert sha1(data[20 : 20 + stream.tell()]).digest() == data[:20]
        assert inner.retry_id == 0
        key = pow(int.from_bytes(inner.g_b, "big"), state["a"], CURRENT_DH_PRIME).to_bytes(256, "big")
        KEYS[key_id(key)] = key
        if state["expires_in"] is not None:
            EXPIRY[key_id(key)] = time.time() + state["expires_in"]
        hashed = sha1(little(state["new_nonce"], 32) + b"\x01" + sha1(key).digest()[:8]).digest()[4:]
        return types.DhGenOk(**nonces, new_nonce_hash1=int.from_bytes(hashed, "little", signed=True))

    def temporary(self):
        new, server = little(self.exchange["new_nonce"], 32), little(self.exchange["server_nonce"], 16)
        first, second, third = sha1(new + server).digest(), sha1(server + new).digest(), sha1(new + new).digest()
        return first + second[:12], second[12:] + third + new[:4]

    # Messages.

    def encrypted(self, packet):
        key = KEYS.get(packet[:8])
        if key is None:
            self.send((-404).to_bytes(4, "little", signed=True))
            return
        msg_key = packet[8:24]
        # Padding of the framing goes up to fifteen bytes; Telethon's codec takes off three at most.
        packet = packet[: 24 + (len(packet) - 24) // 16 * 16]
        data = aes.ige256_decrypt(packet[24:], *mtproto.kdf(key, msg_key, True))
        assert sha256(key[88:120] + data).digest()[8:24] == msg_key
        salt, session = data[:8], data[8:16]
        length = int.from_bytes(data[28:32], "little")
        assert 12 <= len(data) - 32 - length <= 1024, "padding"
        message = Message.read(BytesIO(data[16:]))
        assert message.msg_id % 4 == 0 and abs((message.msg_id >> 32) - time.time()) < 30, "msg_id"
        wanted = sha256(b"salt" + session).digest()[:8]
        if salt != wanted:
            self.salts[session] = wanted
            notice = types.BadServerSalt(
                bad_msg_id=message.msg_id,
                bad_msg_seqno=message.seq_no,
                error_code=48,
                new_server_salt=int.from_bytes(wanted, "little", signed=True),
            )
            self.reply(key, session, [(notice, True)])
            return
        answers = []
        if session not in GREETED:
            GREETED.add(session)
            salt = int.from_bytes(wanted, "little", signed=True)
            answers.append((types.NewSessionCreated(first_msg_id=message.msg_id, unique_id=7, server_salt=salt), False))
        messages = message.body.messages if isinstance(message.body, MsgContainer) else [message]
        for one in messages:
            answers += self.answer(key, session, one)
        self.reply(key, session, answers)

    def answer(self, key, session, message):
        body = message.body.packed_data if isinstance(message.body, GzipPacked) else message.body
        is_layer = isinstance(body, functions.InvokeWithLayer)
        while isinstance(body, (functions.InvokeWithLayer, functions.InitConnection)):
            body = body.query

        def result(value):
            return [(types.RpcResult(req_msg_id=message.msg_id, result=value), True)]

        match body:
            case types.MsgsAck():
                return []
            case functions.Ping() | functions.PingDelayDisconnect():
                return [(types.Pong(msg_id=message.msg_id, ping_id=body.ping_id), True)]
            case functions.GetFutureSalts():
                now = int(time.time())
                salt = int.from_bytes(sha256(b"salt" + session).digest()[:8], "little", signed=True)
                salts = [FutureSalt(now + 1800 * n, now + 1800 * (n + 2), salt + n) for n in range(body.num)]
                return [(FutureSalts(message.msg_id, now, salts), True)]
            case functions.help.GetConfig():
                bound = key_id(key) not in EXPIRY or key_id(key) in BOUND
                if not bound:
                    return result(types.RpcError(error_code=401, error_message="AUTH_KEY_PERM_EMPTY"))
                if not is_layer and session not in self.salts.get("layer", set()):
                    return result(types.RpcError(error_code=400, error_message="CONNECTION_NOT_INITED"))
                self.salts.setdefault("layer", set()).add(session)
                return result(GzipPacked(config()))
            case functions.auth.BindTempAuthKey():
                bind(key, session, message.msg_id, body)
                return result(Yes)
            case functions.DestroySession():
                return [(types.DestroySessionNone(session_id=body.session_id), True)]
        return result(types.RpcError(error_code=400, error_message="METHOD_INVALID"))

    def reply(self, key, session, answers):
        if not answers:
            return
        messages = []
        for body, is_answer in answers:
            seq_no = 2 * len(GREETED) + 1 if not isinstance(body, types.BadServerSalt) else 0
            messages.append(Message(body, self.next_id(is_answer), seq_no, len(body.write())))
        if len(messages) > 1:
            box = MsgContainer(messages)
            messages = [Message(box, self.next_id(False), 2 * len(GREETED), len(box.write()))]
        data = sha256(b"salt" + session).digest()[:8] + session + messages[0].write()
        data += os.urandom(-(len(data) + 12) % 16 + 12)
        msg_key = sha256(key[96:128] + data).digest()[8:24]
        self.send(key_id(key) + msg_key + aes.ige256_encrypt(data, *mtproto.kdf(key, msg_key, False)))


def unpad(encrypted):
    """What RSA_PAD has made: https://core.telegram.org/mtproto/auth_key"""
    number = int.from_bytes(encrypted, "big")
    assert number < PUBLIC.n
    plain = pow(number, PRIVATE.d, PRIVATE.n).to_bytes(256, "big")
    covered, data = plain[:32], plain[32:]
    key = bytes(a ^ b for a, b in zip(covered, sha256(data).digest()))
    data = aes.ige256_decrypt(data, key, bytes(32))
    data, hashed = data[:192][::-1], data[192:]
    assert sha256(key + data).digest() == hashed, "RSA_PAD"
    return data


def bind(key, session, msg_id, request):
    """The inner message is encrypted by the permanent key, in the way of MTProto 1.0."""
    assert abs(request.expires_at - EXPIRY[key_id(key)]) < 60
    permanent = KEYS[little(request.perm_auth_key_id, 8)]
    packet = request.encrypted_message
    assert packet[:8] == key_id(permanent)
    m = packet[8:24]
    a = sha1(m + permanent[:32]).digest()
    b = sha1(permanent[32:48] + m + permanent[48:64]).digest()
    c = sha1(permanent[64:96] + m).digest()
    d = sha1(m + permanent[96:128]).digest()
    aes_key, aes_iv = a[:8] + b[8:20] + c[4:16], a[8:20] + b[:8] + c[16:20] + d[:8]
    data = aes.ige256_decrypt(packet[24:], aes_key, aes_iv)
    message = Message.read(BytesIO(data[16:]))
    assert sha1(data[: 32 + message.length]).digest()[4:] == m
    assert (message.msg_id, message.seq_no) == (msg_id, 0)
    inner = message.body
    assert isinstance(inner, types.BindAuthKeyInner)
    assert inner.nonce == request.nonce and inner.expires_at == request.expires_at
    assert little(inner.temp_auth_key_id, 8) == key_id(key) and little(inner.temp_session_id, 8) == session
    assert inner.perm_auth_key_id == request.perm_auth_key_id
    BOUND[key_id(key)] = key_id(permanent)


def config():
    import inspect

    values = {}
    for name, parameter in inspect.signature(types.Config).parameters.items():
        if parameter.default is inspect.Parameter.empty:
            values[name] = {"int": 1, "str": "me", "bool": False}.get(str(parameter.annotation).strip("'"), [])
    return types.Config(**{**values, "this_dc": DC})


async def main():
    links = []

    async def serve(reader, writer):
        links.append(Link(reader, writer))
        await links[-1].serve()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "key.pem").write_bytes(PUBLIC.save_pkcs1())
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    good = total = 0
    for transport in ["abridged", "intermediate", "padded", "full", "obfuscated"]:
        for options in [[], ["--pfs"]]:
            command = [target / "release/examples/mtproto-client", "--connect", f"127.0.0.1:{port}"]
            command += ["--rsa-pub", folder / "key.pem", "--dc", str(DC), "--transport", transport, *options]
            command += ["--layer", "223", "--timeout", "8", "--session", folder / f"{transport}{len(options)}"]
            command += ["--steps", "handshake,config,ping,salts,reconnect"]
            client = await asyncio.create_subprocess_exec(*map(str, command), stdout=subprocess.PIPE)
            output, _ = await asyncio.wait_for(client.communicate(), 120)
            print(transport, *options, flush=True)
            for line in output.decode().splitlines():
                print("   ", line, flush=True)
                good += json.loads(line)["ok"]
            total += 5
    print(f"{good} of {total}; refused: {REFUSED or 'nothing'}; temporary keys bound: {len(BOUND)}")
    sys.exit(0 if good == total and not REFUSED else 1)


asyncio.run(main())
