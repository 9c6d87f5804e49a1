// When somebody last did something here, in any tab of this browser. A conversation that goes on counts as doing.
const TOLD_EVERY_MS = 1_000

const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('auricle.touched')
let last = Date.now()
let told = 0

export function touched(): void {
  last = Date.now()
  if (last - told < TOLD_EVERY_MS) return
  told = last
  tabs?.postMessage(null)
}

if (tabs)
  tabs.onmessage = () => {
    last = Date.now()
  }

export function untouchedMs(): number {
  return Date.now() - last
}
