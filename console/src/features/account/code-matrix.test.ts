import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import { codeMatrix } from './code-matrix'

const CELL_PX = 4

/** What a browser paints of it: white, and each square of the path dark. */
function painted({ size, path }: ReturnType<typeof codeMatrix>) {
  const width = size * CELL_PX
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let down = 0; down < CELL_PX; down++)
      for (let right = 0; right < CELL_PX; right++) {
        const pixel = (Number(y) * CELL_PX + down) * width + Number(x) * CELL_PX + right
        data.fill(0, pixel * 4, pixel * 4 + 3) // the fourth is how opaque it is
      }
  return { width, height: width, data }
}

test('a reader that is not of the library that drew it reads the address of the key', () => {
  for (const login of ['a@b.in', 'sister.lakshmi.venkataraman@orthopaedics.of.a.long.named.hospital.example.org', 'मीरा@example.org']) {
    const address = `otpauth://totp/Auricle:${encodeURIComponent(login)}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Auricle&algorithm=SHA1&digits=6&period=30`
    expect(decodeQR(painted(codeMatrix(address)))).toBe(address)
  }
})

test('around it stay four cells of white, which readers need', () => {
  const { size, path } = codeMatrix('otpauth://totp/Auricle:a?secret=JBSWY3DP')
  const places = [...path.matchAll(/M(\d+) (\d+)/g)].flatMap(([, x, y]) => [Number(x), Number(y)])
  expect([Math.min(...places), Math.max(...places)]).toEqual([4, size - 5])
})
