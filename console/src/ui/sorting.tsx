// The order of a list: the server sorts, the address remembers.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react'
import { SelectField } from './field'
import { fieldOf, kindOf, turned, type Sort } from './sort'
import { useCommonWords } from './words'

export interface Order<F extends string> {
  /** What the API is asked for: a field, with `-` before it from the last to the first. */
  sort: Sort<F>
  /** The order nobody had to ask for. */
  start: Sort<F>
  choose: (sort: Sort<F>) => void
}

/** An order by whatever fields. */
export type AnyOrder = Pick<Order<string>, 'sort' | 'start'> & { choose: (sort: never) => void }

/** `fields` are those of the list's `sort` parameter. What the address names and the list does not know is passed over. */
export function useOrder<F extends string>(fields: readonly F[], start: Sort<F>): Order<F> {
  const navigate = useNavigate()
  const { sort: asked = '' } = useSearch({ strict: false }) as { sort?: string }
  const sort = fields.some((field) => field === fieldOf(asked)) ? (asked as Sort<F>) : start
  const choose = (next: Sort<F>) =>
    void navigate({
      to: '.',
      search: (before: object) => ({ ...before, sort: next === start ? undefined : next }),
      replace: true,
    } as never)
  return { sort, start, choose }
}

interface Sortable {
  name: string
  sort?: string
}

/** The head of a column that sorts; on a phone, where rows are cards, only its name is read. */
export function SortHead({ name, sort, order, columns }: { name: string; sort: string; order: AnyOrder; columns: readonly Sortable[] }) {
  const Arrow = order.sort === sort ? ArrowUp : order.sort === `-${sort}` ? ArrowDown : ArrowUpDown
  const startHasHead = columns.some((one) => one.sort === fieldOf(order.start))
  return (
    <>
      <span className="sm:hidden">{name}</span>
      <button
        type="button"
        onClick={() => order.choose(turned(order.sort, order.start, sort, startHasHead) as never)}
        className="-mx-1 inline-flex min-h-6 items-center gap-1 rounded px-1 font-medium hover:text-ink max-sm:hidden"
      >
        {name}
        <Arrow aria-hidden className={`size-3.5 shrink-0 ${Arrow === ArrowUpDown ? 'opacity-50' : ''}`} />
      </button>
    </>
  )
}

/** The same choice without heads to click on. */
export function SortChoice({ columns, order }: { columns: readonly Sortable[]; order: AnyOrder }) {
  const say = useCommonWords()
  const sortable = columns.filter((one) => one.sort !== undefined)
  const shown = sortable.some((one) => one.sort === fieldOf(order.start))
  return (
    <SelectField
      label={say('sortBy')}
      value={order.sort}
      onChange={(event) => order.choose(event.target.value as never)}
      options={[
        ...(shown ? [] : [{ value: order.start, label: say('sortStart') }]),
        ...sortable.flatMap(({ name, sort }) => [
          { value: sort!, label: say(`sortUp_${kindOf(sort!)}`, { name }) },
          { value: `-${sort}`, label: say(`sortDown_${kindOf(sort!)}`, { name }) },
        ]),
      ]}
    />
  )
}
