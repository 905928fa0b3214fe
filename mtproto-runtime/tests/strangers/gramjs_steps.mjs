import { createRequire } from 'node:module'

import { DC, HOST, PORT, atMost, end, readPublicKey, refused, step } from './steps.mjs'

const require = createRequire(import.meta.url)
const { TelegramClient, Api } = require('telegram')
const { StringSession } = require('telegram/sessions')
const { ConnectionTCPFull, ConnectionTCPObfuscated } = require('telegram/network')
const { _serverKeys } = require('telegram/crypto/RSA')
const bigInt = require('big-integer')

const { modulus, fingerprint } = readPublicKey()
_serverKeys.set(fingerprint.toString(), { n: bigInt(modulus.toString('hex'), 16), e: 65537 })

async function config(client) {
  const answer = await client.invoke(new Api.help.GetConfig())
  if (answer.thisDc !== DC) throw new Error(`DC ${answer.thisDc}`)
}

for (const kind of [ConnectionTCPFull, ConnectionTCPObfuscated]) {
  // The port is always 80 otherwise.
  const connection = class extends kind {
    constructor(options) {
      super({ ...options, port: PORT })
    }
  }
  const name = kind.name.replace('ConnectionTCP', '').toLowerCase()
  const session = new StringSession('')
  session.setDC(DC, HOST, PORT)
  const options = { connection, connectionRetries: 1 }
  const client = new TelegramClient(session, 1, 'x', options)
  client.setLogLevel(process.env.GRAMJS_LOG ?? 'none')
  await step(`handshake ${name}`, () => client.connect())
  await step(`config ${name}`, () => config(client))
  await step(`nearest ${name}`, () => client.invoke(new Api.help.GetNearestDc()))
  await step(`ping ${name}`, () => client.invoke(new Api.Ping({ pingId: bigInt(7) })))
  await step(`401 ${name}`, () => refused(() => client.invoke(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] })), 401))
  await step(`many ${name}`, () => Promise.all(Array.from({ length: 50 }, () => config(client))))
  await atMost(10000, client.disconnect())
  const again = new TelegramClient(session, 1, 'x', options)
  again.setLogLevel(process.env.GRAMJS_LOG ?? 'none')
  await step(`reconnect ${name}`, () => again.connect())
  await step(`config again ${name}`, () => config(again))
  await atMost(10000, again.disconnect())
}
end()
