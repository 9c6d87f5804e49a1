import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const api = process.env.AURICLE_URL ?? 'http://127.0.0.1:8001'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: process.env.AURICLE_CONSOLE_OUT ?? '../auricle/console',
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: script or font would need a wider policy
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': { target: api, ws: true },
      '/ws': { target: api, ws: true },
      '/v1': api,
    },
  },
})
