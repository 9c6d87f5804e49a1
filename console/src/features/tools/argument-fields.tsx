// The arguments of a tool: rows where rows can say them, else the JSON schema itself.
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { KINDS, rowsOf, schemaOf, type Argument, type Kind } from './arguments'
import { useToolWords } from './words'

/** A JSON schema; null: what is written is none. */
export type Parameters = Record<string, unknown> | null

export function ArgumentFields({ parameters, onChange }: { parameters: Parameters; onChange: (parameters: Parameters) => void }) {
  const say = useToolWords()
  const [rows, setRows] = useState(() => rowsOf(parameters ?? {}))
  return (
    <fieldset className="flex min-w-0 flex-col gap-3 rounded-lg border border-line p-3">
      <legend className="px-1 text-sm font-medium">{say('arguments')}</legend>
      <p className="text-sm text-soft">{say('argumentsHint')}</p>
      {rows === null ? (
        <AsJson parameters={parameters} onChange={onChange} />
      ) : (
        <Rows
          rows={rows}
          onChange={(next) => {
            setRows(next)
            onChange(schemaOf(next, parameters ?? {}))
          }}
          onJson={() => setRows(null)}
        />
      )}
    </fieldset>
  )
}

function Rows({ rows, onChange, onJson }: { rows: Argument[]; onChange: (rows: Argument[]) => void; onJson: () => void }) {
  const say = useToolWords()
  const change = (n: number, part: Partial<Argument>) => onChange(rows.map((one, at) => (at === n ? { ...one, ...part } : one)))
  return (
    <>
      {rows.map((one, n) => (
        <div key={n} role="group" aria-label={say('argument', { n: n + 1 })} className="flex items-start gap-2 border-b border-line pb-3">
          <div className="grid min-w-0 flex-1 gap-2 sm:grid-cols-2">
            <TextField
              label={say('argumentName')}
              pattern="[A-Za-z_][A-Za-z0-9_]{0,59}"
              value={one.name}
              onChange={(event) => change(n, { name: event.target.value })}
            />
            <SelectField
              label={say('kind')}
              value={one.kind}
              onChange={(event) => change(n, { kind: event.target.value as Kind })}
              options={KINDS.map((kind) => ({ value: kind, label: say(`kind_${kind}`) }))}
            />
            <div className="sm:col-span-2">
              <TextField
                label={say('meaning')}
                maxLength={300}
                value={one.meaning}
                onChange={(event) => change(n, { meaning: event.target.value })}
              />
            </div>
            <CheckField label={say('required')} checked={one.required} onChange={(event) => change(n, { required: event.target.checked })} />
          </div>
          <Button
            kind="quiet"
            size="icon"
            aria-label={say('removeRow', { what: one.name || say('argument', { n: n + 1 }) })}
            onClick={() => onChange(rows.filter((_, at) => at !== n))}
          >
            <X aria-hidden className="size-4" />
          </Button>
        </div>
      ))}
      <div className="flex flex-wrap gap-2">
        <Button size="small" onClick={() => onChange([...rows, { name: '', kind: 'string', meaning: '', required: false }])}>
          <Plus aria-hidden className="size-4" />
          {say('addArgument')}
        </Button>
        <Button size="small" kind="quiet" onClick={onJson}>
          {say('asJson')}
        </Button>
      </div>
    </>
  )
}

function AsJson({ parameters, onChange }: { parameters: Parameters; onChange: (parameters: Parameters) => void }) {
  const say = useToolWords()
  const [text, setText] = useState(() => JSON.stringify(parameters ?? {}, null, 2))
  return (
    <TextArea
      label={say('argumentsJson')}
      error={parameters === null ? say('argumentsJsonBad') : undefined}
      rows={10}
      spellCheck={false}
      className="font-mono text-xs"
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        onChange(objectOf(event.target.value))
      }}
    />
  )
}

export function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
