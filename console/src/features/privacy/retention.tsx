// How long each class of data is kept, and what the next nightly run would erase.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { listDueOptions, listRetentionOptions } from '@/api/generated/@tanstack/react-query.gen'
import { setRetention } from '@/api/generated/sdk.gen'
import type { DueOut, RuleOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { CheckField, TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useRetentionWords } from './retention-words'

const KNOWN = ['transcripts', 'recordings', 'documents', 'notes', 'deleted_notes', 'audit', 'consents'] as const
const MOST_NAMED = 1_000
const LONGEST_DAYS = 36_500

type Say = ReturnType<typeof useRetentionWords>

const known = (rule: RuleOut) => KNOWN.find((one) => one === rule.name)

function nameOf(say: Say, rule: RuleOut): string {
  const one = known(rule)
  return one ? say(one) : rule.name
}

export function Retention() {
  const say = useRetentionWords()
  const rules = useQuery(listRetentionOptions())
  const due = useQuery(listDueOptions({ query: { limit: MOST_NAMED } }))
  const [changing, setChanging] = useState<RuleOut | null>(null)
  const close = () => setChanging(null)
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-prose text-sm text-soft">{say('hint')}</p>
      <Panel>
        <Loaded query={rules} lines={6}>
          {({ items }) => (
            <ul className="divide-y divide-line">
              {items.map((rule) => (
                <Rule
                  key={rule.name}
                  rule={rule}
                  due={due.data?.items.find((one) => one.name === rule.name)}
                  onChange={() => setChanging(rule)}
                />
              ))}
            </ul>
          )}
        </Loaded>
      </Panel>
      {due.isError && <Refused error={due.error} retry={() => void due.refetch()} />}
      {due.data?.items.length === 0 && <p className="text-sm text-soft">{say('dueNone')}</p>}
      <Dialog open={changing !== null} title={changing ? nameOf(say, changing) : ''} onClose={close}>
        {changing && <Change rule={changing} onClose={close} />}
      </Dialog>
    </div>
  )
}

function useSpan() {
  const say = useRetentionWords()
  const time = useTime()
  return (days: number | null) => {
    if (days === null) return say('forEver')
    const years = days / 365
    if (Number.isInteger(years)) return say(years === 1 ? 'year' : 'years', { n: time.number(years) })
    return say(days === 1 ? 'day' : 'days', { n: time.number(days) })
  }
}

function Rule({ rule, due, onChange }: { rule: RuleOut; due?: DueOut; onChange: () => void }) {
  const say = useRetentionWords()
  const time = useTime()
  const span = useSpan()
  const one = known(rule)
  return (
    <li className="grid items-center gap-x-4 gap-y-2 py-4 text-sm sm:grid-cols-[1fr_auto_8rem]">
      <div className="min-w-0">
        <p className="font-medium">{nameOf(say, rule)}</p>
        <p className="text-soft">{one ? say(`${one}_what`) : rule.what}</p>
        {due && (
          <p className="mt-1">
            <Badge tone="warn">{say('due', { n: `${time.number(due.ids.length)}${due.more ? '+' : ''}` })}</Badge>
          </p>
        )}
      </div>
      <p className="sm:text-right">
        <span className="font-semibold">{span(rule.days)}</span>
        {rule.days !== rule.default_days && <span className="block text-soft">{say('otherwise', { span: span(rule.default_days) })}</span>}
      </p>
      <div className="sm:text-right">
        {rule.fixed ? (
          <span className="text-soft">{say('fixed')}</span>
        ) : (
          <Button size="small" aria-haspopup="dialog" aria-label={`${say('change')}: ${nameOf(say, rule)}`} onClick={onChange}>
            {say('change')}
          </Button>
        )}
      </div>
    </li>
  )
}

function Change({ rule, onClose }: { rule: RuleOut; onClose: () => void }) {
  const say = useRetentionWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const span = useSpan()
  const [days, setDays] = useState(String(rule.days ?? rule.default_days ?? rule.minimum_days))
  const [always, setAlways] = useState(rule.days === null)
  const wanted = always ? null : Number(days)
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: listRetentionOptions().queryKey }),
      cache.invalidateQueries({ queryKey: listDueOptions({ query: { limit: MOST_NAMED } }).queryKey }),
    ])
  const put = (value: number | null) => setRetention({ path: { name: rule.name }, body: { days: value }, throwOnError: true })
  const change = useMutation({
    mutationFn: () => put(wanted),
    onSuccess: () => {
      onClose()
      tell(say('changed', { what: nameOf(say, rule), span: span(wanted) }), () => put(rule.days).then(again, tell.refusal))
      return again()
    },
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  const shorter = wanted !== null && wanted > 0 && (rule.days === null || wanted < rule.days)
  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <TextField
        label={say('daysKept')}
        told="days"
        hint={say('least', { span: span(rule.minimum_days) })}
        type="number"
        inputMode="numeric"
        required
        disabled={always}
        min={rule.minimum_days}
        max={LONGEST_DAYS}
        value={days}
        onChange={(event) => setDays(event.target.value)}
      />
      <CheckField label={say('forEver')} checked={always} onChange={(event) => setAlways(event.target.checked)} />
      {shorter && <p className="rounded-lg bg-warn-wash p-3 text-sm">{say('shorter')}</p>}
      {change.isError && <Refused error={change.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={change.isPending}>
          {common('save')}
        </Button>
      </footer>
    </form>
  )
}
