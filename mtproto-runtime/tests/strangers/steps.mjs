// A line of JSON for each step of a stranger.
import { readFileSync } from 'node:fs'
import { createHash, createPublicKey } from 'node:crypto'

export const [HOST, PORT, DC, PEM, FOLDER] = process.argv.slice(2).map((arg, at) => (at === 1 || at === 2 ? Number(arg) : arg))
let failed = false

export async function step(name, work, timeout = 30000) {
  const start = performance.now()
  const line = { step: name, ok: true }
  let timer
  try {
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('time-out')), timeout) })
    return await Promise.race([work(), late])
  } catch (error) {
    failed = true
    line.ok = false
    line.error = String(error)
  } finally {
    clearTimeout(timer)
    line.ms = Math.round(performance.now() - start)
    console.log(JSON.stringify(line))
  }
}

// Waits for work that may never end, but not for ever.
export function atMost(ms, work) {
  let timer
  const late = new Promise((resolve) => { timer = setTimeout(resolve, ms) })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

export async function refused(work, code) {
  try {
    await work()
  } catch (error) {
    const found = error.code ?? error.errorCode ?? error.error_code
    if (found === code) return
    throw error
  }
  throw new Error('no error')
}

export function end() {
  process.exit(failed ? 1 : 0)
}

export const pem = readFileSync(PEM, 'utf8')

// Modulus and fingerprint.
export function readPublicKey() {
  const { n } = createPublicKey(pem).export({ format: 'jwk' })
  const modulus = Buffer.from(n, 'base64url')
  const data = Buffer.concat([Buffer.from([0xfe, 0, 1, 0]), modulus, Buffer.from([3, 1, 0, 1])])
  const digest = createHash('sha1').update(data).digest()
  return { modulus, fingerprint: digest.readBigInt64LE(12) }
}
