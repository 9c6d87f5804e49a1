import { encode } from 'uqr'

/** Cells of a quiet zone that readers ask for on each side (ISO/IEC 18004). */
const QUIET = 4

export interface CodeMatrix {
  /** Cells on a side, the quiet zone with them. */
  size: number
  /** The dark cells as one SVG path, a cell being 1 × 1. */
  path: string
}

/** A QR code of this text. Level M: it is read from a screen, where nothing is torn off. */
export function codeMatrix(text: string): CodeMatrix {
  const { size, data } = encode(text, { ecc: 'M', border: QUIET })
  const rows = data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join(''))
  return { size, path: rows.join('') }
}
