// What may be spent in a month: the organization's own budget, and the one the platform sets for it. Both hold.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import type { BudgetIn, BudgetOut, BudgetsOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField, TextField } from '@/ui/field'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Loaded, Refused, type Asked } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useMoney, type Currency } from './money'
import { useUsageWords } from './words'

const TONES: Record<BudgetOut['state'], Tone> = { open: 'good', warned: 'warn', exhausted: 'bad' }
const USUAL_WARNING = 80
const BAR =
  'my-2 h-2 w-full appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-brand ' +
  '[&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-brand'

export interface BudgetKeeping {
  query: Asked<BudgetsOut>
  /** Whose budget is changed here; null where none may be. */
  mine: 'organization' | 'platform' | null
  set: (body: BudgetIn) => Promise<unknown>
  remove: () => Promise<unknown>
}

export function BudgetPanel({ query, mine, set, remove }: BudgetKeeping) {
  const say = useUsageWords()
  const [asking, setAsking] = useState<'set' | 'remove' | null>(null)
  const close = () => setAsking(null)
  return (
    <Loaded query={query}>
      {({ budgets, month }) => {
        const own = budgets.find((one) => one.owner === mine)
        return (
          <div className="flex flex-col gap-4">
            <Spent month={month} />
            <div className="grid items-start gap-4 md:grid-cols-2">
              {budgets.map((one) => (
                <One key={one.id} budget={one} />
              ))}
            </div>
            {budgets.length === 0 && <p className="text-sm text-soft">{say('budgetNone')}</p>}
            {mine !== null && (
              <div className="flex flex-wrap gap-2">
                <Button aria-haspopup="dialog" kind="primary" onClick={() => setAsking('set')}>
                  {say(own ? 'budgetChange' : 'budgetSet')}
                </Button>
                {own && <Button aria-haspopup="dialog" onClick={() => setAsking('remove')}>{say('budgetRemove')}</Button>}
              </div>
            )}
            <Dialog open={asking === 'set'} title={say(own ? 'budgetChange' : 'budgetSet')} onClose={close}>
              <SetForm own={own} set={set} onDone={close} />
            </Dialog>
            <Dialog open={asking === 'remove'} title={say('budgetRemove')} onClose={close}>
              <Removal remove={remove} onDone={close} />
            </Dialog>
          </div>
        )
      }}
    </Loaded>
  )
}

function Spent({ month }: { month: BudgetsOut['month'] }) {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  return (
    <div>
      <p className="text-2xl font-semibold tabular-nums">
        {money.usd(month.cost_usd)}
        <span className="ml-3 text-base font-normal text-soft">{money.inr(month.cost_inr)}</span>
      </p>
      <p className="text-sm text-soft">
        {say('spentSince', { month: time.month(month.month), calls: time.number(month.calls) })}
        {month.unpriced > 0 && ` · ${say('unpriced', { n: time.number(month.unpriced) })}`}
      </p>
    </div>
  )
}

function One({ budget }: { budget: BudgetOut }) {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const title = say(`owner_${budget.owner}` as 'owner_platform')
  const spent = say('spent', { spent: money.whole(budget.spent, budget.currency), amount: money.whole(budget.amount, budget.currency) })
  return (
    <Panel title={title} actions={<Badge tone={TONES[budget.state]}>{say(`budget_${budget.state}`)}</Badge>}>
      <p className="text-sm tabular-nums">{spent}</p>
      <progress aria-label={title} aria-valuetext={spent} max={Number(budget.amount)} value={Number(budget.spent)} className={BAR} />
      <p className="text-sm text-soft">
        {say('warnsAt', { percent: time.number(budget.warn_percent) })} · {say('changed', { when: time.date(budget.changed_at) })}
      </p>
      {budget.state === 'exhausted' && <p className="mt-2 text-sm">{say('exhaustedMeans')}</p>}
    </Panel>
  )
}

type Given = { amount: string; currency: Currency; warn_percent: string }

function SetForm({ own, set, onDone }: { own?: BudgetOut } & Pick<BudgetKeeping, 'set'> & { onDone: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit } = useForm<Given>({
    defaultValues: {
      amount: own?.amount ?? '',
      currency: (own?.currency as Currency) ?? 'INR',
      warn_percent: String(own?.warn_percent ?? USUAL_WARNING),
    },
  })
  const save = useMutation({
    mutationFn: (given: Given) => set({ ...given, warn_percent: Number(given.warn_percent) }),
    onSuccess: () => {
      tell(say('budgetIsSet'))
      onDone()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('budgetMeans')}</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('amount')} type="number" inputMode="decimal" required min="0.01" max="1000000000" step="0.01" {...register('amount')} />
        <SelectField
          label={say('currency')}
          options={[
            { value: 'INR', label: say('inr') },
            { value: 'USD', label: say('usd') },
          ]}
          {...register('currency')}
        />
      </div>
      <TextField label={say('warnPercent')} hint={say('warnHint')} type="number" required min="1" max="100" step="1" {...register('warn_percent')} />
      {save.isError && <Refused error={save.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={save.isPending}>
          {common('save')}
        </Button>
      </div>
    </form>
  )
}

function Removal({ remove, onDone }: Pick<BudgetKeeping, 'remove'> & { onDone: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const tell = useTell()
  const gone = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      tell(say('budgetIsRemoved'))
      onDone()
    },
  })
  return (
    <>
      <p className="text-sm">{say('budgetRemoveMeans')}</p>
      {gone.isError && <Refused error={gone.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button kind="danger" busy={gone.isPending} onClick={() => gone.mutate()}>
          {say('budgetRemove')}
        </Button>
      </footer>
    </>
  )
}
