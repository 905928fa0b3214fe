"""Pyrogram and kurigram, which have the same modules."""

import asyncio

import pyrogram
from pyrogram import Client, errors, raw
from pyrogram.crypto import rsa

from steps import DC, HOST, PEM, PORT, end, step
from pem import read_public_key

fingerprint, modulus, exponent = read_public_key(PEM)
rsa.server_public_keys[fingerprint] = rsa.PublicKey(modulus, exponent)
try:
    from pyrogram.session.internals import DataCenter

    DataCenter.__new__ = lambda cls, *_: (HOST, PORT)
except ImportError:
    # kurigram takes the address from its storage, which it fills with that of DC 2.
    from pyrogram.storage import SQLiteStorage

    async def host(self, *_):
        return HOST

    async def port(self, *_):
        return PORT

    SQLiteStorage.server_address = host
    SQLiteStorage.port = port


async def config(client):
    answer = await client.invoke(raw.functions.help.GetConfig())
    assert answer.this_dc == DC, answer.this_dc


async def needs_login(client):
    try:
        await client.invoke(raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()]))
    except errors.AuthKeyUnregistered:
        return
    raise AssertionError("no error")


async def main():
    client = Client("stranger", api_id=1, api_hash="x", in_memory=True)
    await step("handshake", client.connect())
    await step("config", config(client))
    await step("nearest", client.invoke(raw.functions.help.GetNearestDc()))
    await step("ping", client.invoke(raw.functions.Ping(ping_id=7)))
    await step("401", needs_login(client))
    await step("many", asyncio.gather(*(config(client) for _ in range(50))))
    # With the same key over another connection, in another session.
    await client.session.stop()
    await step("reconnect", client.session.start())
    await step("config again", config(client))
    await client.disconnect()


print(f'{{"library": "{pyrogram.__version__}", "layer": {raw.all.layer}}}')
asyncio.get_event_loop().run_until_complete(main())
end()
