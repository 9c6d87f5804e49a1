// An installation of its own for the run: a fresh database, the sample clinic, the offline providers. The browser reaches
// it through a wire that a test can cut.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openWire, PORT, WIRE } from './wire'

const READY_MS = 180_000
const ROOT = resolve(import.meta.dirname, '..', '..')

export default async function start(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), 'auricle-e2e-'))
  chmodSync(data, 0o755) // as root the database runs as another account, which must get through
  process.env.AURICLE_E2E_SPEECH ??= speech(data)
  const up = spawn(join(ROOT, '.venv/bin/auricle'), ['up', '--port', String(PORT)], {
    cwd: ROOT,
    env: {
      ...process.env,
      AURICLE_DATA_DIR: data,
      AURICLE_PUBLIC_URL: `http://127.0.0.1:${WIRE}`,
      AURICLE_LIMITS__ADDRESS: '100000/minute',
      AURICLE_LIMITS__USER: '100000/minute',
      AURICLE_LIMITS__ORGANIZATION: '100000/minute',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await ready(up)
  const wire = await openWire(WIRE, PORT)
  return async () => {
    wire.close()
    up.kill('SIGINT')
    await new Promise((done) => up.once('exit', done))
    rmSync(data, { recursive: true, force: true })
  }
}

function speech(folder: string): string {
  const file = join(folder, 'speech.wav')
  const made = spawnSync(join(ROOT, '.venv/bin/python'), [join(import.meta.dirname, 'speech.py'), file], { cwd: ROOT })
  if (made.status !== 0) throw new Error(`no speech could be made: ${made.stderr}`)
  return file
}

function ready(up: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let said = ''
    const late = setTimeout(() => fail(new Error(`not ready after ${READY_MS / 1000} s:\n${said.slice(-2_000)}`)), READY_MS)
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000)
      if (said.includes('auricle: ready')) {
        clearTimeout(late)
        done()
      }
    }
    up.stdout?.on('data', hear)
    up.stderr?.on('data', hear)
    up.once('exit', (code) => fail(new Error(`auricle up ended with ${code}:\n${said.slice(-2_000)}`)))
  })
}
