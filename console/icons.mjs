// Draws the icons of an installed console from `public/icon.svg`: `node icons.mjs` after the drawing has changed.
// A maskable one, and Apple's, are full to the edge, because the system cuts their corners itself: the ear lies well within
// the middle four fifths that are sure to be seen.
import { existsSync, readFileSync } from 'node:fs'
import { chromium } from '@playwright/test'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
const drawing = readFileSync('public/icon.svg', 'utf8')
const toTheEdge = drawing.replace(' rx="14"', '')

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
for (const [name, svg, size] of [
  ['icon-192', drawing, 192],
  ['icon-512', drawing, 512],
  ['icon-maskable', toTheEdge, 512],
  ['apple-touch-icon', toTheEdge, 180],
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px}</style>${svg}`)
  await page.screenshot({ path: `public/${name}.png`, omitBackground: true })
  await page.close()
}
await browser.close()
