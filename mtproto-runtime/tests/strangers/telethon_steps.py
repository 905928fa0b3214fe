import asyncio

from telethon import TelegramClient, errors, functions
from telethon.crypto import rsa
from telethon.network import ConnectionTcpAbridged, ConnectionTcpFull, ConnectionTcpIntermediate, ConnectionTcpObfuscated
from telethon.sessions import MemorySession

from steps import DC, HOST, PEM, PORT, end, step

with open(PEM) as file:
    rsa.add_key(file.read(), old=False)
transports = [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate, ConnectionTcpObfuscated]


async def config(client):
    answer = await client(functions.help.GetConfigRequest())
    assert answer.this_dc == DC, answer.this_dc


async def needs_login(client):
    try:
        await client(functions.account.GetAuthorizationsRequest())
    except errors.AuthKeyUnregisteredError:
        return
    raise AssertionError("no error")


async def unknown(client):
    try:
        await client(functions.help.GetInviteTextRequest())
    except errors.BadRequestError:
        return
    raise AssertionError("no error")


async def main():
    for transport in transports:
        name = transport.__name__.removeprefix("ConnectionTcp").lower()
        session = MemorySession()
        session.set_dc(DC, HOST, PORT)
        client = TelegramClient(session, 1, "x", connection=transport)
        await step(f"handshake {name}", client.connect())
        await step(f"config {name}", config(client))
        await step(f"nearest {name}", client(functions.help.GetNearestDcRequest()))
        await step(f"ping {name}", client(functions.PingRequest(7)))
        await step(f"401 {name}", needs_login(client))
        await step(f"400 {name}", unknown(client))
        if transport is ConnectionTcpFull:
            await step("salts", client(functions.GetFutureSaltsRequest(64)))
        await client.disconnect()
        again = TelegramClient(session, 1, "x", connection=transport)
        await step(f"reconnect {name}", again.connect())
        await step(f"many {name}", asyncio.gather(*(config(again) for _ in range(50))))
        await again.disconnect()


asyncio.run(main())
end()
