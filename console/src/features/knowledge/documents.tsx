import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { FileUp, RotateCcw, Trash2 } from 'lucide-react'
import { useId, useState, type DragEvent } from 'react'
import { deleteKnowledge, listKnowledge, retryDocument, uploadKnowledge } from '@/api/generated/sdk.gen'
import type { ListKnowledgeResponse } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Failed } from '@/ui/failed'
import { SelectField } from '@/ui/field'
import { Badge, type Tone } from '@/ui/page'
import { SortChoice, useOrder } from '@/ui/sorting'
import { Empty, Loaded } from '@/ui/states'
import { More, useRows } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { Passages } from './passages'
import { useKnowledgeWords } from './words'

type Taught = ListKnowledgeResponse['items'][number]
type Stage = Taught['status']

const STAGES: readonly Stage[] = ['live', 'failed', 'queued', 'extracted', 'chunked', 'embedded']
const UNDER_WAY: readonly Stage[] = ['queued', 'extracted', 'chunked', 'embedded']
const LOOK_AGAIN_MS = 1_500
const KEY = 'knowledge'

export function Documents() {
  const say = useKnowledgeWords()
  const navigate = useNavigate()
  const asked = (useSearch({ strict: false }) as { status?: string }).status
  const status = STAGES.find((one) => one === asked)
  const order = useOrder(['title', 'byte_size', 'created_at'], '-created_at')
  const rows = useRows(
    [KEY, status, order.sort],
    async (cursor) => (await listKnowledge({ query: { status, sort: order.sort, cursor, limit: 50 }, throwOnError: true })).data,
    true,
    (pages) => pages.some(({ items }) => items.some((one) => UNDER_WAY.includes(one.status))) && LOOK_AGAIN_MS,
  )
  const sorts = [
    { name: say('added'), sort: 'created_at' },
    { name: say('titled'), sort: 'title' },
    { name: say('size'), sort: 'byte_size' },
  ]
  const narrow = (value: string) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, status: value || undefined }), replace: true } as never)
  return (
    <div className="flex flex-col gap-4">
      <DropZone />
      <div className="grid gap-3 sm:max-w-xl sm:grid-cols-2">
        <SelectField
          label={say('stage')}
          value={status ?? ''}
          onChange={(event) => narrow(event.target.value)}
          options={[{ value: '', label: say('everyStage') }, ...STAGES.map((value) => ({ value, label: say(`status_${value}`) }))]}
        />
        <SortChoice columns={sorts} order={order} />
      </div>
      <Loaded query={rows} lines={6}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) return status ? <Empty title={say('noneFound')} /> : <Empty title={say('none')}>{say('noneHint')}</Empty>
          return (
            <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
              {items.map((one) => (
                <Document key={one.id} document={one} />
              ))}
            </ul>
          )
        }}
      </Loaded>
      <More rows={rows} />
    </div>
  )
}

function DropZone() {
  const say = useKnowledgeWords()
  const id = useId()
  const tell = useTell()
  const cache = useQueryClient()
  const language = useLanguage()
  const [over, setOver] = useState(false)
  const upload = useMutation({
    mutationFn: async (files: File[]) => {
      for (const file of files) {
        try {
          const { data } = await uploadKnowledge({ body: { file, language }, throwOnError: true })
          tell(data.known_already ? say('knownAlready') : say('taken', { name: file.name }))
        } catch (error) {
          tell.refusalOf(say('refusedFile', { name: file.name }), error)
        }
      }
    },
    onSettled: () => cache.invalidateQueries({ queryKey: [KEY] }),
  })
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    upload.mutate([...event.dataTransfer.files])
  }
  return (
    <label
      htmlFor={id}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`flex cursor-pointer flex-col items-center gap-2 rounded-xl border-2 border-dashed p-6 text-center focus-within:outline-3 focus-within:outline-brand ${over ? 'border-brand bg-brand-wash' : 'border-line'}`}
    >
      <FileUp aria-hidden className="size-7 text-brand" />
      <span className="font-medium">{say('drop')}</span>
      <span className="text-sm text-soft">{say('dropHint')}</span>
      <input
        id={id}
        type="file"
        multiple
        accept=".pdf,.docx,.txt,.md,.html,.csv,.tsv"
        className="sr-only"
        disabled={upload.isPending}
        onChange={(event) => {
          upload.mutate([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
    </label>
  )
}

const TONES: Partial<Record<Stage, Tone>> = { live: 'good', failed: 'bad' }
function Document({ document }: { document: Taught }) {
  const say = useKnowledgeWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const settled = {
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: [KEY] }),
  }
  const path = { document_id: document.id }
  const [going, setGoing] = useState(false)
  const [reading, setReading] = useState(false)
  const retry = useMutation({ mutationFn: () => retryDocument({ path, throwOnError: true }), ...settled })
  const remove = useMutation({
    mutationFn: () => deleteKnowledge({ path, throwOnError: true }),
    onSuccess: () => tell(say('deleted')),
    onSettled: settled.onSettled,
  })
  const name = document.title || document.file_name
  const working = UNDER_WAY.includes(document.status)
  return (
    <li className="flex items-center justify-between gap-3 p-4">
      <div className="min-w-0">
        <p className="font-medium break-words">{name}</p>
        <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
          <Badge tone={TONES[document.status] ?? 'brand'}>{say(`status_${document.status}`)}</Badge>
          {working && (
            <progress aria-label={say('stage')} max={100} value={document.percent} className="h-2 w-24 accent-brand" />
          )}
          {document.chunk_count > 0 && (
            <button
              type="button"
              aria-haspopup="dialog"
              aria-label={`${say('chunks', { n: time.number(document.chunk_count) })}: ${name}`}
              onClick={() => setReading(true)}
              className="min-h-6 text-brand underline-offset-4 hover:underline"
            >
              {say('chunks', { n: time.number(document.chunk_count) })}
            </button>
          )}
          <span>{document.collection}</span>
          <span>{languageOf(document.language)}</span>
          <span>{time.ago(document.created_at)}</span>
        </p>
        {document.failure_code && <Failed code={document.failure_code} />}
        {document.hidden_characters > 0 && (
          <p className="text-sm text-warn">{say('hidden', { n: time.number(document.hidden_characters) })}</p>
        )}
      </div>
      <div className="flex shrink-0 flex-wrap justify-end gap-1 max-sm:max-w-32">
        {document.can_retry && (
          <Button size="small" busy={retry.isPending} onClick={() => retry.mutate()}>
            <RotateCcw aria-hidden className="size-4" />
            {say('retry')}
          </Button>
        )}
        <Button
          size="icon"
          kind="quiet"
          aria-label={`${common('delete')}: ${name}`}
          busy={remove.isPending}
          onClick={() => remove.mutate()}
        >
          <Trash2 aria-hidden className="size-4" />
        </Button>
      </div>
      <Dialog open={reading} title={name} onClose={() => setReading(false)}>
        {reading && <Passages documentId={document.id} language={document.language} />}
      </Dialog>
      <Confirm
        open={going}
        title={say('deleteTitle', { name })}
        action={common('delete')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => remove.mutate()}
        onClose={() => {
          setGoing(false)
          remove.reset()
        }}
      >
        <p>{say('deleteHint')}</p>
      </Confirm>
    </li>
  )
}
