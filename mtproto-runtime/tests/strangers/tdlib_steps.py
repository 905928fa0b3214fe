"""TDLib, by its JSON interface. The library is downloaded, never kept here.

Its addresses are compiled in, so that it is told of a SOCKS5 proxy (which stands below) that takes
every connection to our server. Its RSA keys are texts in the library: in a copy of it ours stands in
the place of both, which is as long.
"""

import asyncio
import ctypes
import json
import pathlib
import shutil
import socket
import threading

from steps import FOLDER, HOST, PEM, PORT, end, step

folder = pathlib.Path(FOLDER)
HEAD, TAIL = b"-----BEGIN RSA PUBLIC KEY-----", b"-----END RSA PUBLIC KEY-----"


def patched():
    """A copy of the library with our key; returns where it is."""
    library = next(folder.glob("**/libtdjson.so"))
    data = bytearray(library.read_bytes())
    ours = pathlib.Path(PEM).read_bytes().strip()
    at, replaced = 0, 0
    while (at := data.find(HEAD, at)) >= 0:
        length = data.find(TAIL, at) + len(TAIL) - at
        if length == len(ours):
            data[at : at + length] = ours
            replaced += 1
        at += length
    assert replaced >= 2, f"{replaced} RSA keys are as long as ours"
    copy = folder / "patched.so"
    copy.write_bytes(data)
    return copy


class Proxy:
    """SOCKS5 without a password; whatever is asked for is our server."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        def read(count):
            data = b""
            while len(data) < count:
                more = client.recv(count - len(data))
                if not more:
                    raise EOFError
                data += more
            return data

        try:
            _, methods = read(2)
            read(methods)
            client.sendall(b"\x05\x00")
            _, _, _, kind = read(4)
            length = {1: 4, 4: 16}.get(kind) or read(1)[0]
            read(length + 2)
            server = socket.create_connection((HOST, PORT))
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        except (EOFError, OSError):
            client.close()
            return
        self.open += [client, server]
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    def cut(self):
        """Breaks all connections off."""
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()


class Refused(Exception):
    """TDLib says `error`."""


class Td:
    """One instance of TDLib."""

    def __init__(self, library):
        self.library = library
        self.id = library.td_create_client_id()
        self.waiting = {}
        self.states = asyncio.Queue()
        self.connected = asyncio.Event()
        self.count = 0

    async def ask(self, kind, **fields):
        self.count += 1
        future = asyncio.get_running_loop().create_future()
        self.waiting[self.count] = future
        request = {"@type": kind, "@extra": self.count, **fields}
        self.library.td_send(self.id, json.dumps(request).encode())
        answer = await future
        if answer["@type"] == "error":
            raise Refused(f"{answer['code']} {answer['message']}")
        return answer

    def take(self, answer):
        if (extra := answer.get("@extra")) in self.waiting:
            future = self.waiting.pop(extra)
            if not future.done():
                future.set_result(answer)
        elif answer["@type"] == "updateAuthorizationState":
            self.states.put_nowait(answer["authorization_state"]["@type"])
        elif answer["@type"] == "updateConnectionState":
            if answer["state"]["@type"] == "connectionStateReady":
                self.connected.set()
            else:
                self.connected.clear()

    async def state(self, name):
        while (found := await self.states.get()) != name:
            pass

    async def begin(self, name, proxy, pfs):
        await self.state("authorizationStateWaitTdlibParameters")
        kind = {"@type": "proxyTypeSocks5", "username": "", "password": ""}
        where = {"server": "127.0.0.1", "port": proxy.port, "type": kind}
        # In this order, before there is a network; answered when the parameters are there. Versions
        # differ in where they want the proxy's address.
        early = asyncio.gather(
            self.ask("addProxy", enable=True, proxy={"@type": "proxy", **where}, **where),
            self.ask("setOption", name="use_pfs", value={"@type": "optionValueBoolean", "value": pfs}),
        )
        await asyncio.sleep(0)
        await self.ask(
            "setTdlibParameters",
            use_test_dc=True,
            database_directory=str(folder / "databases" / name),
            use_message_database=False,
            use_secret_chats=False,
            api_id=12345,
            api_hash="0123456789abcdef0123456789abcdef",
            system_language_code="en",
            device_model="stranger",
            application_version="1",
        )
        await early
        await self.state("authorizationStateWaitPhoneNumber")
        await self.ask("testNetwork")

    async def refused(self, code, kind, **fields):
        try:
            await self.ask(kind, **fields)
        except Refused as error:
            assert str(error).startswith(f"{code} "), error
            return
        raise AssertionError("no error")

    async def close(self):
        await self.ask("close")
        await self.state("authorizationStateClosed")

    async def destroy(self):
        await self.ask("logOut")
        await self.state("authorizationStateClosed")


def receive(library, loop, instances):
    while True:
        answer = library.td_receive(ctypes.c_double(10))
        if answer:
            answer = json.loads(answer)
            loop.call_soon_threadsafe(lambda answer=answer: instances[answer["@client_id"]].take(answer))


async def version(td):
    answer = await td.ask("getOption", name="version")
    print("TDLib", answer["value"], flush=True)


async def main():
    library = ctypes.CDLL(str(patched()))
    library.td_receive.restype = ctypes.c_char_p
    library.td_execute.restype = ctypes.c_char_p
    library.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 1}')
    shutil.rmtree(folder / "databases", ignore_errors=True)
    proxy, instances = Proxy(), {}
    loop = asyncio.get_running_loop()
    threading.Thread(target=receive, args=(library, loop, instances), daemon=True).start()

    def make():
        td = Td(library)
        instances[td.id] = td
        # It says nothing before it is asked.
        library.td_send(td.id, b'{"@type": "getOption", "name": "version"}')
        return td

    for name, pfs in (("plain", False), ("pfs", True)):
        td = make()
        await step(f"handshake {name}", td.begin(name, proxy, pfs), 60)
        await version(td)
        await step(f"connected {name}", td.connected.wait())
        await step(f"config {name}", td.ask("testNetwork"))
        await step(f"400 {name}", td.refused(400, "setAuthenticationPhoneNumber", phone_number="+9996621234"))
        await step(f"many {name}", asyncio.gather(*(td.ask("testNetwork") for _ in range(50))), 60)
        proxy.cut()
        await step(f"cut {name}", td.ask("testNetwork"))
        await step(f"close {name}", td.close())
        again = make()
        await step(f"reconnect {name}", again.begin(name, proxy, pfs), 60)
        # Destroys the key, and closes.
        await step(f"destroy {name}", again.destroy())


asyncio.run(main())
end()
