import { Plus, X } from 'lucide-react'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { useToolWords } from './words'

export interface Header {
  name: string
  value: string
}

export function Headers({
  kept,
  headers,
  onChange,
  dropped,
  onDrop,
}: {
  kept: readonly string[]
  headers: readonly Header[]
  onChange: (headers: Header[]) => void
  /** Whether those that are kept go, where none is written in their place. */
  dropped: boolean
  onDrop: (dropped: boolean) => void
}) {
  const say = useToolWords()
  const change = (n: number, part: Partial<Header>) => onChange(headers.map((one, at) => (at === n ? { ...one, ...part } : one)))
  return (
    <fieldset className="flex min-w-0 flex-col gap-3 rounded-lg border border-line p-3">
      <legend className="px-1 text-sm font-medium">{say('headers')}</legend>
      <p className="text-sm text-soft">{kept.length > 0 ? say('headersKept', { names: kept.join(', ') }) : say('headersHint')}</p>
      {kept.length > 0 && headers.length === 0 && (
        <CheckField label={say('headersDrop')} hint={say('headersDropHint')} checked={dropped} onChange={(event) => onDrop(event.target.checked)} />
      )}
      {headers.map((one, n) => (
        <div key={n} className="flex items-end gap-2">
          <div className="grid min-w-0 flex-1 gap-2 sm:grid-cols-2">
            <TextField
              label={say('headerName')}
              placeholder="Authorization"
              pattern="[A-Za-z0-9\-]{1,60}"
              value={one.name}
              onChange={(event) => change(n, { name: event.target.value })}
            />
            <TextField
              label={say('headerValue')}
              type="password"
              autoComplete="off"
              value={one.value}
              onChange={(event) => change(n, { value: event.target.value })}
            />
          </div>
          <Button
            kind="quiet"
            size="icon"
            aria-label={say('removeRow', { what: one.name || say('header', { n: n + 1 }) })}
            onClick={() => onChange(headers.filter((_, at) => at !== n))}
          >
            <X aria-hidden className="size-4" />
          </Button>
        </div>
      ))}
      <div>
        <Button size="small" onClick={() => onChange([...headers, { name: '', value: '' }])}>
          <Plus aria-hidden className="size-4" />
          {say('addHeader')}
        </Button>
      </div>
    </fieldset>
  )
}
