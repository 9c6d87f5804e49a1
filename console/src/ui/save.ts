const KEPT_MS = 10_000 // the browser reads the blob after the click

/** Hand a file that was fetched with the sign-in to the browser to keep. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: address, download: name }).click()
  window.setTimeout(() => URL.revokeObjectURL(address), KEPT_MS)
}
