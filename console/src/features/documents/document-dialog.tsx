// One document looked at: what is known of it, and what it says, paragraph by paragraph.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getDocumentOptions } from '@/api/generated/@tanstack/react-query.gen'
import { readDocumentText } from '@/api/generated/sdk.gen'
import type { ListDocumentsResponse, ReadDocumentTextResponse } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Loaded, Refused, Skeleton } from '@/ui/states'
import { clock, useTime } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Failure } from './failure'
import { useDocumentWords } from './words'

type Kept = ListDocumentsResponse['items'][number]
type Paragraph = ReadDocumentTextResponse['paragraphs'][number]

const AT_ONCE = 100

export function DocumentDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const say = useDocumentWords()
  const query = useQuery({ ...getDocumentOptions({ path: { document_id: id ?? '' } }), enabled: id !== null })
  return (
    <Dialog open={id !== null} title={query.data?.name ?? say('look')} onClose={onClose}>
      <Loaded query={query} lines={4}>
        {(one) => (
          <>
            <Facts one={one} />
            {one.text_extracted ? <Text document={one} /> : <p className="text-sm text-soft">{one.failure_code ? <Failure code={one.failure_code} /> : say('textNone')}</p>}
          </>
        )}
      </Loaded>
    </Dialog>
  )
}

function Facts({ one }: { one: Kept }) {
  const say = useDocumentWords()
  const time = useTime()
  const length = one.length_s != null ? clock(one.length_s) : one.page_count != null ? say('pages', { n: time.number(one.page_count) }) : null
  const facts: [string, string | false | null | undefined][] = [
    [say('kind'), `${one.kind.toUpperCase()}, ${time.number(Math.ceil(one.byte_size / 1024))} KB`],
    [say('length'), length],
    [say('language'), SPOKEN.find(({ value }) => value === one.language)?.label ?? one.language],
    [say('addedAt'), time.moment(one.created_at)],
    [say('readAt'), one.status === 'done' && one.processed_at && time.moment(one.processed_at)],
    [say('heardBy'), one.read_by],
  ]
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name} className="contents">
              <dt className="text-soft">{name}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

function Text({ document: { id, language } }: { document: Kept }) {
  const say = useDocumentWords()
  const common = useCommonWords()
  const query = useInfiniteQuery({
    queryKey: ['document-text', id],
    queryFn: async ({ pageParam }) =>
      (await readDocumentText({ path: { document_id: id }, query: { after: pageParam, limit: AT_ONCE }, throwOnError: true })).data,
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  })
  if (query.isPending) return <Skeleton lines={5} />
  if (query.isError) return <Refused error={query.error} retry={() => void query.refetch()} />
  const paragraphs = query.data.pages.flatMap((page) => page.paragraphs)
  return (
    <section aria-label={say('text')} tabIndex={0} lang={language} className="max-h-[50dvh] overflow-y-auto rounded-lg bg-sunken p-4 text-sm">
      {paragraphs.map((one, n) => (
        <div key={one.id} className="mb-3">
          {one.section && one.section !== paragraphs[n - 1]?.section && <h3 className="mb-1 font-semibold break-words">{one.section}</h3>}
          {/* A heading is a paragraph of the text too, under its own name. */}
          {one.text !== one.section && (
            <p className="whitespace-pre-line break-words">
              {one.text} <Where paragraph={one} />
            </p>
          )}
        </div>
      ))}
      {query.hasNextPage && (
        <Button size="small" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {common('more')}
        </Button>
      )}
    </section>
  )
}

function Where({ paragraph }: { paragraph: Paragraph }) {
  const say = useDocumentWords()
  const time = useTime()
  if (paragraph.start_s != null) return <span className="text-xs whitespace-nowrap text-soft">{clock(paragraph.start_s)}</span>
  if (paragraph.page != null) return <span className="text-xs whitespace-nowrap text-soft">{say('page', { n: time.number(paragraph.page) })}</span>
  return null
}
