import { createRequire } from 'node:module'

import { DC, FOLDER, HOST, PORT, end, readPublicKey, step } from './steps.mjs'

const require = createRequire(import.meta.url)
const MTProto = require('@mtproto/core')

const { modulus } = readPublicKey()
// Its keys can't be added to from outside: the place of one is taken.
const { RSA } = { RSA: require('@mtproto/core/src/utils/rsa') }
const original = RSA.prototype.getPublisKeysByHex
RSA.prototype.getPublisKeysByHex = async function () {
  const keys = await original.call(this)
  const { fingerprint } = readPublicKey()
  const hex = BigInt.asUintN(64, fingerprint).toString(16).padStart(16, '0')
  keys[hex] = { modulus: modulus.toString('hex'), exponent: '010001' }
  return keys
}

function make() {
  const client = new MTProto({ api_id: 1, api_hash: 'x', storageOptions: { path: `${FOLDER}/mtproto-core.json` } })
  client.dcList = [{ id: DC, ip: HOST, port: PORT }]
  client.setDefaultDc(DC)
  return client
}

async function config(client) {
  const answer = await client.call('help.getConfig')
  if (answer.this_dc !== DC) throw new Error(`DC ${answer.this_dc}`)
}

const client = make()
await step('handshake, config', () => config(client))
await step('nearest', () => client.call('help.getNearestDc'))
await step('401', async () => {
  try {
    await client.call('users.getUsers', { id: [{ _: 'inputUserSelf' }] })
  } catch (error) {
    if (error.error_code === 401) return
    throw error
  }
  throw new Error('no error')
})
await step('many', () => Promise.all(Array.from({ length: 50 }, () => config(client))))
const again = make()
await step('reconnect', () => config(again))
end()
