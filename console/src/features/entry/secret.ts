/** The one-time secret behind the `#` of a mailed link; taken out of the address at once, so that it stays in no history. */
export function secretInAddress(): string | null {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('token')
  if (token !== null) window.history.replaceState(window.history.state, '', window.location.pathname)
  return token
}
