// A wire between the browser and the installation. `POST /cut` on its own port + 1 breaks every connection and refuses
// new ones for the seconds it is told: a dropped network, as the page sees it.
import { createServer as createHttp } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'

/** Three ports from here: the wire that the browser uses, the installation behind it, the wire's control. */
export const WIRE = Number(process.env.AURICLE_E2E_PORT ?? 8161)
export const PORT = WIRE + 1
export const CONTROL = WIRE + 2

export async function openWire(port: number, to: number): Promise<{ close: () => void }> {
  const open = new Set<Socket>()
  let downUntil = 0
  const wire = createServer((near) => {
    if (Date.now() < downUntil) return void near.destroy()
    const far = connect(to, '127.0.0.1')
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  const control = createHttp((request, response) => {
    downUntil = Date.now() + Number(new URL(request.url ?? '/', 'http://wire').searchParams.get('ms') ?? 0)
    open.forEach((one) => one.destroy())
    response.end()
  })
  await Promise.all([listening(wire, port), listening(control, CONTROL)])
  return {
    close: () => {
      control.close()
      wire.close()
      open.forEach((one) => one.destroy())
    },
  }
}

function listening(server: { listen: (port: number, host: string, done: () => void) => unknown }, port: number): Promise<void> {
  return new Promise((done) => server.listen(port, '127.0.0.1', done))
}
