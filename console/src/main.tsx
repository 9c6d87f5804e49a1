import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './app.css'
import './i18n'
import { asProblem } from './api/client'
import { router } from './router'
import { SessionProvider } from './session/session'
import { Notices } from './ui/toast'

const queries = new QueryClient({
  defaultOptions: {
    // Without a network a request fails and is told; waiting for one would be a page that loads without end, and a signature
    // that is sent when nobody expects it any more.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      refetchOnReconnect: true,
      staleTime: 10_000,
      // What was refused stays refused; only what could not be reached is worth asking again.
      retry: (failures, error) => failures < 2 && [0, 502, 503].includes(asProblem(error).status),
    },
  },
})

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <SessionProvider>
        <Notices>
          <RouterProvider router={router} />
        </Notices>
      </SessionProvider>
    </QueryClientProvider>
  </StrictMode>,
)
