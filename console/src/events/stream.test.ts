// @vitest-environment node
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { events, follow, type Told } from './stream'

const SOON = { firstMs: 5, longestMs: 20, silentMs: 400, steadyMs: 10_000 }
const ending: (() => void)[] = []
afterEach(() => ending.splice(0).forEach((end) => end()))

/** A server whose visits are answered in turn, and what a follower of it is told. */
async function following(...visits: ((request: IncomingMessage, answer: ServerResponse) => void)[]) {
  const cursors: (string | undefined)[] = []
  const server = createServer((request, answer) => {
    cursors.push(request.headers['last-event-id'] as string | undefined)
    const visit = visits[cursors.length - 1]
    if (visit) visit(request, answer.writeHead(200, { 'content-type': 'text/event-stream' }))
    else answer.writeHead(503).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const told: (Told | null)[] = []
  const states: boolean[] = []
  const stop = follow({
    open: (after, signal) => fetch(address, { signal, headers: after === null ? {} : { 'last-event-id': after } }),
    tell: (event) => told.push(event),
    state: (here) => states.push(here),
    place: { after: null },
    pauses: SOON,
  })
  ending.push(stop, () => server.closeAllConnections(), () => server.close())
  return { told, states, cursors, stop }
}

const until = async (true_: () => boolean) => {
  while (!true_()) await new Promise((done) => setTimeout(done, 5))
}
const event = (id: string, kind: string) => `id: ${id}\nevent: ${kind}\ndata: {"kind":"${kind}","subject":{}}\n\n`

test('a stream that breaks is taken up again behind the last event that came', async () => {
  const { told, cursors, states } = await following(
    (_, answer) => (answer.write(': connected\n\n' + event('7.1', 'note.ready')), setTimeout(() => answer.destroy(), 20)),
    (_, answer) => answer.write(': connected\n\n' + event('8.1', 'note.approved')),
  )
  await until(() => told.length === 3)
  expect(told.map((one) => one?.kind)).toEqual([undefined, 'note.ready', 'note.approved'])
  expect(cursors).toEqual([undefined, '7.1'])
  expect(states.slice(0, 1).concat(states.slice(-1))).toEqual([true, true])
  expect(states).toContain(false)
})

test('a connection that has gone silent is given up and made anew', async () => {
  const { states, cursors } = await following(
    (_, answer) => answer.write(': connected\n\n'),
    (_, answer) => answer.write(': connected\n\n'),
  )
  await until(() => cursors.length === 2 && states.at(-1) === true)
  expect(states).toContain(false)
})

test('what was missed makes everything old, and the next visit begins afresh', async () => {
  const { told, cursors } = await following(
    (_, answer) => answer.end(': connected\n\n' + event('7.1', 'note.ready') + 'event: missed\ndata: {"error_code":"live.missed"}\n\n'),
    (_, answer) => answer.write(': connected\n\n'),
  )
  await until(() => told.length === 4)
  expect(told.map((one) => one?.kind ?? null)).toEqual([null, 'note.ready', null, null])
  expect(cursors).toEqual([undefined, undefined])
})

test('who stops following is told nothing more, and asks no more', async () => {
  const { told, cursors, stop } = await following((_, answer) => answer.write(': connected\n\n'))
  await until(() => told.length === 1)
  stop()
  await new Promise((done) => setTimeout(done, 100))
  expect(cursors).toHaveLength(1)
})

test('events are whole however the network cut them', () => {
  const whole = ': still here\r\n\r\nid: 1.2\r\nevent: a.b\r\ndata: {"x":\r\ndata: 1}\r\n\r\n'
  for (let cut = 1; cut < whole.length; cut++) {
    const told: unknown[] = []
    const read = events((one) => told.push(one))
    read(whole.slice(0, cut))
    read(whole.slice(cut))
    expect(told).toEqual([{ id: '1.2', kind: 'a.b', data: '{"x":\n1}' }])
  }
})

test('a line without an end is given up', () => {
  expect(() => events(() => undefined)('data: '.padEnd(200_000, 'x'))).toThrow()
})
