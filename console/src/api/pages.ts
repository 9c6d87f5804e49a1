// A list read to its end, for what has to be chosen from all of it.
interface Answer<R> {
  data: { items: R[]; next?: string | null }
}

/** How many rows one page may hold. */
export const PAGE = 200
const MOST_PAGES = 10

/** The rows of the pages that `read` answers by cursor, one after the other; of a list without end the first ten pages. */
export async function rowsOf<R>(read: (cursor: string | undefined) => Promise<Answer<R>>): Promise<R[]> {
  const rows: R[] = []
  let cursor: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data } = await read(cursor)
    rows.push(...data.items)
    if (!data.next) break
    cursor = data.next
  }
  return rows
}
