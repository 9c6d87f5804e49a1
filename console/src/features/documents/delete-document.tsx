import { useMutation } from '@tanstack/react-query'
import { deleteDocument } from '@/api/generated/sdk.gen'
import type { ListDocumentsResponse } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useDocumentWords } from './words'

type Kept = ListDocumentsResponse['items'][number]

export function DeleteDocument({ document: kept, onClose, onDone }: { document: Kept | null; onClose: () => void; onDone: () => void }) {
  const say = useDocumentWords()
  return (
    <Dialog open={kept !== null} title={say('deleteTitle')} onClose={onClose}>
      {kept && <Confirm document={kept} onClose={onClose} onDone={onDone} />}
    </Dialog>
  )
}

function Confirm({ document: kept, onClose, onDone }: { document: Kept; onClose: () => void; onDone: () => void }) {
  const say = useDocumentWords()
  const common = useCommonWords()
  const tell = useTell()
  const remove = useMutation({
    mutationFn: () => deleteDocument({ path: { document_id: kept.id }, throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(data.notes.length > 0 ? say('deletedNotes', { n: data.notes.length }) : say('deleted'))
      onClose()
      onDone()
    },
  })
  return (
    <>
      <p className="text-sm break-words">{say('deleteHint', { name: kept.name })}</p>
      {remove.isError && <Refused error={remove.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
          {common('delete')}
        </Button>
      </footer>
    </>
  )
}
