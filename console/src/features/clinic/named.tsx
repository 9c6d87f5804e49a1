import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import type { NamedOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { TextArea, TextField } from '@/ui/field'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { KINDS, type Kind } from './kinds'
import { useClinicWords } from './words'

export function Named({ kind }: { kind: Kind }) {
  const say = useClinicWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const writes = useSession().may('departments:write')
  const [editing, setEditing] = useState<NamedOut | 'new' | null>(null)
  const [going, setGoing] = useState<NamedOut | null>(null)
  const again = () => cache.invalidateQueries({ queryKey: [kind] })
  const order = useOrder(['name', 'created_at'], 'name')
  const rows = useRows([kind, order.sort], (cursor) => KINDS[kind].list(cursor, order.sort))
  const restore = useMutation({
    mutationFn: ({ name, description }: NamedOut) => KINDS[kind].add({ name, description }),
    onError: tell.refusal,
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: (one: NamedOut) => KINDS[kind].remove(one.id),
    onSuccess: (_, one) => {
      tell(say('deleted', { name: one.name }), () => restore.mutate(one))
      setGoing(null)
    },
    onSettled: again,
  })
  const columns: Column<NamedOut>[] = [
    { name: say('name'), cell: (row) => <span className="font-medium">{row.name}</span>, sort: 'name' },
    { name: say('description'), cell: (row) => row.description || '–' },
    ...(writes ? [{ name: '', cell: (row: NamedOut) => <Acts row={row} onEdit={setEditing} onDelete={setGoing} /> }] : []),
  ]
  const add = writes && (
    <Button kind="primary" aria-haspopup="dialog" onClick={() => setEditing('new')}>
      {say(`add_${kind}`)}
    </Button>
  )
  const close = () => {
    setGoing(null)
    remove.reset()
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-sm text-soft">{say(`hint_${kind}`)}</p>
        {add}
      </div>
      <Table order={order} caption={say(kind)} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say(`none_${kind}`)}>{say(`noneHint_${kind}`)}</Empty>} />
      <Dialog open={editing !== null} title={editing === 'new' ? say(`add_${kind}`) : common('edit')} onClose={() => setEditing(null)}>
        {editing !== null && (
          <Editor
            kind={kind}
            one={editing === 'new' ? null : editing}
            onDone={() => {
              setEditing(null)
              void again()
            }}
          />
        )}
      </Dialog>
      <Confirm
        open={going !== null}
        title={say('deleteTitle', { name: going?.name ?? '' })}
        action={common('delete')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => going && remove.mutate(going)}
        onClose={close}
      >
        <p>{say('deleteHint')}</p>
      </Confirm>
    </div>
  )
}

function Acts({ row, onEdit, onDelete }: { row: NamedOut; onEdit: (row: NamedOut) => void; onDelete: (row: NamedOut) => void }) {
  const common = useCommonWords()
  return (
    <span className="flex flex-wrap gap-2 sm:justify-end">
      <Button size="small" aria-haspopup="dialog" aria-label={`${common('edit')}: ${row.name}`} onClick={() => onEdit(row)}>
        {common('edit')}
      </Button>
      <Button size="small" kind="quiet" aria-haspopup="dialog" aria-label={`${common('delete')}: ${row.name}`} onClick={() => onDelete(row)}>
        {common('delete')}
      </Button>
    </span>
  )
}

function Editor({ kind, one, onDone }: { kind: Kind; one: NamedOut | null; onDone: () => void }) {
  const say = useClinicWords()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit } = useForm({ defaultValues: { name: one?.name ?? '', description: one?.description ?? '' } })
  const save = useMutation({
    mutationFn: (given: { name: string; description: string }) =>
      one === null ? KINDS[kind].add(given) : KINDS[kind].change(one.id, given),
    onSuccess: () => {
      tell(common('saved'))
      onDone()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      <TextField label={say('name')} required maxLength={100} {...register('name')} />
      <TextArea label={say('description')} hint={say('descriptionHint')} rows={3} maxLength={500} {...register('description')} />
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" kind="primary" busy={save.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}
