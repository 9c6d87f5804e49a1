// The files of one patient: added, read, downloaded by a link that is good for a short while, made into notes.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { FileUp } from 'lucide-react'
import { useId, useState } from 'react'
import { listDocumentsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { generateNote, linkDocument, processDocument, uploadDocument } from '@/api/generated/sdk.gen'
import type { ListDocumentsResponse } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { DeleteDocument } from './delete-document'
import { DocumentDialog } from './document-dialog'
import { Failure } from './failure'
import { useDocumentWords } from './words'

type Kept = ListDocumentsResponse['items'][number]

const LOOK_AGAIN_MS = 1_500
const TONES: Partial<Record<Kept['status'], Tone>> = { done: 'good', failed: 'bad' }

export function Documents({ patientId }: { patientId: string }) {
  const say = useDocumentWords()
  const id = useId()
  const tell = useTell()
  const cache = useQueryClient()
  const language = useLanguage()
  const { may } = useSession()
  const [looking, setLooking] = useState<string | null>(null)
  const [deleting, setDeleting] = useState<Kept | null>(null)
  const options = listDocumentsOptions({ query: { patient_id: patientId, limit: 100 } })
  const again = () => cache.invalidateQueries({ queryKey: options.queryKey })
  const query = useQuery({
    ...options,
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.status === 'pending' || one.status === 'processing') ? LOOK_AGAIN_MS : false,
  })
  const upload = useMutation({
    mutationFn: (file: File) => uploadDocument({ body: { file, patient_id: patientId, language }, throwOnError: true }),
    onSuccess: ({ data }) => tell(data.known_already ? say('known') : say('added')),
    onError: tell.refusal,
    onSettled: again,
  })
  return (
    <Panel className="flex flex-col gap-4">
      {may('documents:write') && (
        <label
          htmlFor={id}
          className="flex cursor-pointer flex-col items-center gap-2 rounded-xl border-2 border-dashed border-line p-5 text-center focus-within:outline-3 focus-within:outline-brand"
        >
          <FileUp aria-hidden className="size-6 text-brand" />
          <span className="font-medium">{say('add')}</span>
          <span className="text-sm text-soft">{say('addHint')}</span>
          <input
            id={id}
            type="file"
            className="sr-only"
            disabled={upload.isPending}
            onChange={(event) => {
              const file = event.target.files?.[0]
              if (file) upload.mutate(file)
              event.target.value = ''
            }}
          />
        </label>
      )}
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-soft">{say('none')}</p>
          ) : (
            <ul className="divide-y divide-line">
              {items.map((one) => (
                <Document
                  key={one.id}
                  document={one}
                  onChange={() => void again()}
                  onLook={() => setLooking(one.id)}
                  onDelete={() => setDeleting(one)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <DocumentDialog id={looking} onClose={() => setLooking(null)} />
      <DeleteDocument document={deleting} onClose={() => setDeleting(null)} onDone={() => void again()} />
    </Panel>
  )
}

function Document({
  document: kept,
  onChange,
  onLook,
  onDelete,
}: {
  document: Kept
  onChange: () => void
  onLook: () => void
  onDelete: () => void
}) {
  const say = useDocumentWords()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const navigate = useNavigate()
  const { may } = useSession()
  const path = { document_id: kept.id }
  const settled = { onError: tell.refusal, onSettled: onChange }
  const retry = useMutation({ mutationFn: () => processDocument({ path, throwOnError: true }), ...settled })
  const download = useMutation({
    mutationFn: () => linkDocument({ path, throwOnError: true }),
    onSuccess: ({ data }) => Object.assign(document.createElement('a'), { href: data.url, download: '' }).click(),
    onError: tell.refusal,
  })
  const write = useMutation({
    mutationFn: () => generateNote({ body: { document_id: kept.id }, throwOnError: true }),
    onSuccess: ({ data }) => void navigate({ to: '/notes/$noteId', params: { noteId: data.id } }),
    onError: tell.refusal,
  })
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3 text-sm">
      <div className="min-w-0">
        <p className="font-medium break-words">{kept.name}</p>
        <p className="flex flex-wrap items-center gap-2 text-soft">
          <Badge tone={TONES[kept.status] ?? 'brand'}>{say(`status_${kept.status}`)}</Badge>
          {kept.page_count !== null && kept.page_count !== undefined && say('pages', { n: time.number(kept.page_count) })}
          {time.moment(kept.created_at)}
          {kept.failure_code && <span className="text-bad"><Failure code={kept.failure_code} /></span>}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {kept.status === 'done' && may('notes:write') && (
          <Button size="small" aria-label={`${say('writeNote')}: ${kept.name}`} busy={write.isPending} onClick={() => write.mutate()}>
            {say('writeNote')}
          </Button>
        )}
        {kept.status === 'failed' && (
          <Button size="small" aria-label={`${say('retry')}: ${kept.name}`} busy={retry.isPending} onClick={() => retry.mutate()}>
            {say('retry')}
          </Button>
        )}
        <Button size="small" aria-haspopup="dialog" aria-label={`${say('look')}: ${kept.name}`} onClick={onLook}>
          {say('look')}
        </Button>
        <Button size="small" aria-label={`${say('download')}: ${kept.name}`} busy={download.isPending} onClick={() => download.mutate()}>
          {say('download')}
        </Button>
        {may('documents:write') && (
          <Button size="small" kind="quiet" aria-haspopup="dialog" aria-label={`${common('delete')}: ${kept.name}`} onClick={onDelete}>
            {common('delete')}
          </Button>
        )}
      </div>
    </li>
  )
}
