// The journeys through the console, in a real browser against a real installation that the run starts and ends.
import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'
import { WIRE } from './e2e/wire'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/installation.ts',
  timeout: 90_000,
  expect: { timeout: 15_000 },
  workers: 1, // one installation, and two cores
  retries: 1, // what passes the second time is told as flaky
  globalTimeout: 900_000,
  reporter: [['line']],
  outputDir: '../var/e2e',
  use: {
    baseURL: `http://127.0.0.1:${WIRE}`,
    locale: 'en-IN',
    viewport: { width: 1440, height: 900 },
    permissions: ['microphone'],
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-quic',
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
        ...(process.env.AURICLE_E2E_SPEECH ? [`--use-file-for-fake-audio-capture=${process.env.AURICLE_E2E_SPEECH}`] : []),
      ],
    },
  },
})
