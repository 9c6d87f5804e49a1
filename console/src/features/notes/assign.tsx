import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { UserRoundCheck } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { countQueueOptions, getNoteQueryKey, listMembersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { assignNote } from '@/api/generated/sdk.gen'
import type { MemberOut } from '@/api/generated/types.gen'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useDeskWords } from './desk-words'

interface Assignable {
  id: string
  assigned_to: string | null
}

/** Says who is to sign a note that is not signed yet. */
export function AssignButton({ note, size }: { note: Assignable; size?: 'small' }) {
  const say = useDeskWords()
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button size={size} aria-haspopup="dialog" onClick={() => setAsking(true)}>
        <UserRoundCheck aria-hidden className="size-4" />
        {say('assign')}
      </Button>
      <Dialog open={asking} title={say('assignTitle')} onClose={() => setAsking(false)}>
        <Assign note={note} onDone={() => setAsking(false)} />
      </Dialog>
    </>
  )
}

function Assign({ note, onDone }: { note: Assignable; onDone: () => void }) {
  const me = useMe()
  const signers = useQuery(
    listMembersOptions({
      path: { hospital_id: me.organization_id ?? '' },
      query: { status: 'active', may: 'notes:approve', limit: 200 },
    }),
  )
  return <Loaded query={signers}>{({ items }) => <Choice note={note} signers={items} onDone={onDone} />}</Loaded>
}

const nameOf = (one: MemberOut) => [one.given_name, one.family_name].filter(Boolean).join(' ') || one.email

function Choice({ note, signers, onDone }: { note: Assignable; signers: readonly MemberOut[]; onDone: () => void }) {
  const say = useDeskWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const me = useMe()
  const [wanted, setWanted] = useState(note.assigned_to ?? me.member_id ?? '')
  const colleague = note.assigned_to !== null && note.assigned_to !== me.member_id
  const holder = signers.find((one) => one.id === note.assigned_to)
  const assign = useMutation({
    mutationFn: ({ to, over }: { to: string | null; over: boolean }) =>
      assignNote({ path: { note_id: note.id }, body: { member_id: to, take_over: over }, throwOnError: true }),
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ['notes'] }),
        cache.invalidateQueries({ queryKey: countQueueOptions().queryKey }),
        cache.invalidateQueries({ queryKey: getNoteQueryKey({ path: { note_id: note.id } }).slice(0, 1) }),
      ]),
  })
  const done = (event: FormEvent) => {
    event.preventDefault()
    const to = signers.find((one) => one.id === wanted)
    assign.mutate(
      { to: to?.id ?? null, over: colleague },
      {
        onSuccess: () => {
          onDone()
          tell(to ? say('assigned', { name: nameOf(to) }) : say('unassignedNow'), () =>
            assign.mutate({ to: note.assigned_to, over: true }),
          )
        },
      },
    )
  }
  return (
    <form onSubmit={done} className="flex flex-col gap-4">
      <SelectField
        label={say('assignedTo')}
        hint={colleague ? say('takeHint') : say('assignHint')}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        options={[
          ...signers.map((one) => ({ value: one.id, label: one.id === me.member_id ? `${say('meOption')} (${nameOf(one)})` : nameOf(one) })),
          { value: '', label: say('nobody') },
        ]}
      />
      {assign.isError && <Refused error={assign.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={assign.isPending} disabled={wanted === (note.assigned_to ?? '')}>
          {colleague && holder ? say('take', { name: nameOf(holder) }) : say('assign')}
        </Button>
      </div>
    </form>
  )
}
