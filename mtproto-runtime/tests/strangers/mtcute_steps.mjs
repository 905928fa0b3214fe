import { BaseTelegramClient } from '@mtcute/node'
import { NodeCryptoProvider, addPublicKey } from '@mtcute/node/utils.js'

import { DC, FOLDER, HOST, PORT, end, pem, refused, step } from './steps.mjs'

const crypto = new NodeCryptoProvider()
await crypto.initialize()
addPublicKey(crypto, pem)

const dc = { id: DC, ipAddress: HOST, port: PORT }
function make(storage, usePfs) {
  const client = new BaseTelegramClient({
    apiId: 1,
    apiHash: 'x',
    storage,
    crypto,
    defaultDcs: { main: dc, media: dc },
    logLevel: Number(process.env.MTCUTE_LOG ?? 0),
    network: { usePfs },
  })
  client.onError?.add?.(() => {})
  return client
}

async function config(client) {
  const answer = await client.call({ _: 'help.getConfig' })
  if (answer.thisDc !== DC) throw new Error(`DC ${answer.thisDc}`)
}

for (const pfs of [false, true]) {
  const name = pfs ? ' pfs' : ''
  const file = `${FOLDER}/mtcute${pfs ? '-pfs' : ''}.session`
  const client = make(file, pfs)
  await step(`handshake${name}`, () => client.connect())
  await step(`config${name}`, () => config(client))
  await step(`nearest${name}`, () => client.call({ _: 'help.getNearestDc' }))
  await step(`401${name}`, () => refused(() => client.call({ _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] }), 401))
  await step(`400${name}`, () => refused(() => client.call({ _: 'help.getInviteText' }), 400))
  await step(`many${name}`, () => Promise.all(Array.from({ length: 50 }, () => config(client))))
  await client.destroy()
  const again = make(file, pfs)
  await step(`reconnect${name}`, () => again.connect())
  await step(`config again${name}`, () => config(again))
  await again.destroy()
}
end()
