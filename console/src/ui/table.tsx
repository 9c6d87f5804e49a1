// A list from the server, a page at a time. On a phone each row becomes a card; the caption is for screen readers.
import { useInfiniteQuery, type InfiniteData, type QueryKey } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useLookAgain } from '@/events/live'
import { followed } from '@/events/touched'
import { Button } from './button'
import { fieldOf } from './sort'
import { SortChoice, SortHead, type AnyOrder } from './sorting'
import { Refused, Skeleton } from './states'
import { useCommonWords } from './words'

export interface Column<R> {
  /** Empty above the buttons of a row: what it holds is then only read aloud. */
  name: string
  cell: (row: R) => ReactNode
  /** Numbers stand on the right. */
  numeric?: boolean
  /** The field of the list's `sort` parameter that this column shows. */
  sort?: string
}

export interface ServerPage<R> {
  items: R[]
  next?: string | null
}

/** `read` fetches one page by cursor; rows are kept by `queryKey`, which holds every filter. */
export function useRows<R>(
  queryKey: QueryKey,
  read: (cursor: string | undefined) => Promise<ServerPage<R>>,
  enabled = true,
  /** How soon to look again, without waiting for an event. */
  again?: (pages: readonly ServerPage<R>[]) => number | false,
) {
  const lookAgain = useLookAgain()
  return useInfiniteQuery<ServerPage<R>, Error, InfiniteData<ServerPage<R>, string | undefined>, QueryKey, string | undefined>({
    queryKey,
    refetchInterval: (query) => again?.(query.state.data?.pages ?? []) || (followed(queryKey) && lookAgain),
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled,
  })
}

function sortedBy<R>({ sort }: Column<R>, now: string) {
  if (sort === undefined) return undefined
  if (sort !== fieldOf(now)) return 'none'
  return sort === now ? 'ascending' : 'descending'
}

type Rows<R> = ReturnType<typeof useRows<R>>

/** The next page, where there is one. */
export function More<R>({ rows }: { rows: Rows<R> }) {
  const say = useCommonWords()
  if (!rows.hasNextPage) return null
  return (
    <div className="text-center">
      <Button busy={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
        {say('more')}
      </Button>
    </div>
  )
}

export function Table<R>({
  caption,
  columns,
  rows,
  keyOf,
  to,
  empty,
  order,
}: {
  caption: string
  columns: readonly Column<R>[]
  rows: Rows<R>
  keyOf: (row: R) => string
  /** Where a row leads; its first cell is the link. */
  to?: (row: R) => LinkProps
  empty: ReactNode
  /** Makes the heads of the columns that name a `sort` sort the list. */
  order?: AnyOrder
}) {
  const say = useCommonWords()
  if (rows.isPending) return <Skeleton lines={6} />
  if (rows.isError && !rows.data) return <Refused error={rows.error} retry={() => void rows.refetch()} />
  const all = rows.data.pages.flatMap((page) => page.items)
  if (all.length === 0) return empty
  return (
    <div className="flex flex-col gap-3">
      {order && (
        <div className="no-print sm:hidden">
          <SortChoice columns={columns} order={order} />
        </div>
      )}
      <div className="overflow-x-auto rounded-xl border border-line bg-panel">
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead className="border-b border-line text-soft max-sm:sr-only">
            <tr>
              {columns.map((one) => (
                <th key={one.name} scope="col" aria-sort={order && sortedBy(one, order.sort)} className={`px-4 py-3 font-medium ${one.numeric ? 'text-right' : ''}`}>
                  {order && one.sort ? (
                    <SortHead name={one.name} sort={one.sort} order={order} columns={columns} />
                  ) : (
                    one.name || <span className="sr-only">{say('actions')}</span>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {all.map((row) => (
              <tr key={keyOf(row)} className="hover:bg-sunken max-sm:flex max-sm:flex-col max-sm:py-2">
                {columns.map((one, n) => (
                  <td key={one.name} className={`px-4 py-3 max-sm:py-1 ${one.numeric ? 'sm:text-right tabular-nums' : ''}`}>
                    {n > 0 && one.name && (
                      <span aria-hidden className="mr-2 text-soft sm:hidden">
                        {one.name}:
                      </span>
                    )}
                    {n === 0 && to ? (
                      <Link {...to(row)} className="font-medium text-brand underline-offset-4 hover:underline">
                        {one.cell(row)}
                      </Link>
                    ) : (
                      one.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More rows={rows} />
      {rows.isError && <Refused error={rows.error} />}
    </div>
  )
}
