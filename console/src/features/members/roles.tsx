import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listRolesOptions, previewRoleOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeRole, createRole, deleteRole } from '@/api/generated/sdk.gen'
import type { RoleList, RoleOut } from '@/api/generated/types.gen'
import { usePermissionWords } from '@/i18n/hindi'
import { useRoleName } from '@/i18n/roles'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useMemberWords } from './words'

export function Roles({ hospitalId }: { hospitalId: string }) {
  const say = useMemberWords()
  const common = useCommonWords()
  const roleName = useRoleName()
  const { may } = useSession()
  const query = useQuery(listRolesOptions({ path: { hospital_id: hospitalId } }))
  const [shown, setShown] = useState<RoleOut | null>(null)
  const [editing, setEditing] = useState<RoleOut | 'new' | null>(null)
  const [going, setGoing] = useState<RoleOut | null>(null)
  return (
    <Loaded query={query}>
      {(list) => (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Panel
            title={say('roles')}
            actions={may('roles:write') && <Button aria-haspopup="dialog" onClick={() => setEditing('new')}>{say('newRole')}</Button>}
          >
            <ul className="divide-y divide-line text-sm">
              {list.items.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
                  <button
                    type="button"
                    aria-pressed={shown?.id === one.id}
                    onClick={() => setShown(one)}
                    className="min-h-11 font-medium text-brand underline-offset-4 hover:underline"
                  >
                    {roleName(one.name)}
                  </button>
                  <span className="flex items-center gap-2">
                    <Badge>{one.permissions.length}</Badge>
                    {!one.built_in && may('roles:write') && (
                      <>
                        <Button aria-haspopup="dialog" size="small" aria-label={`${common('edit')}: ${one.name}`} onClick={() => setEditing(one)}>
                          {common('edit')}
                        </Button>
                        <Button aria-haspopup="dialog" size="small" kind="quiet" aria-label={`${common('delete')}: ${one.name}`} onClick={() => setGoing(one)}>
                          {common('delete')}
                        </Button>
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </Panel>
          {shown && <Preview hospitalId={hospitalId} role={shown} />}
          <Dialog open={editing !== null} title={editing === 'new' ? say('newRole') : (editing?.name ?? '')} onClose={() => setEditing(null)}>
            {editing !== null && (
              <Editor hospitalId={hospitalId} role={editing === 'new' ? null : editing} list={list} onDone={() => setEditing(null)} />
            )}
          </Dialog>
          <Deletion
            hospitalId={hospitalId}
            role={going}
            onDone={() => {
              setGoing(null)
              if (shown?.id === going?.id) setShown(null)
            }}
          />
        </div>
      )}
    </Loaded>
  )
}

function Deletion({ hospitalId, role, onDone }: { hospitalId: string; role: RoleOut | null; onDone: () => void }) {
  const say = useMemberWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const path = { hospital_id: hospitalId }
  const again = () => cache.invalidateQueries({ queryKey: listRolesOptions({ path }).queryKey })
  const restore = useMutation({
    mutationFn: ({ name, parent_id, declared }: RoleOut) =>
      createRole({ path, body: { name, parent_id: parent_id ?? '', permissions: declared }, throwOnError: true }),
    onError: tell.refusal,
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: (one: RoleOut) => deleteRole({ path: { ...path, role_id: one.id }, throwOnError: true }),
    onSuccess: (_, one) => {
      tell(say('roleDeleted', { name: one.name }), () => restore.mutate(one))
      onDone()
    },
    onSettled: again,
  })
  return (
    <Confirm
      open={role !== null}
      title={say('roleDelete', { name: role?.name ?? '' })}
      action={common('delete')}
      busy={remove.isPending}
      error={remove.error}
      onDone={() => role && remove.mutate(role)}
      onClose={() => {
        remove.reset()
        onDone()
      }}
    >
      <p>{say('roleDeleteHint')}</p>
    </Confirm>
  )
}

function Preview({ hospitalId, role }: { hospitalId: string; role: RoleOut }) {
  const say = useMemberWords()
  const roleName = useRoleName()
  const meaning = usePermissionWords()
  const query = useQuery(previewRoleOptions({ path: { hospital_id: hospitalId, role_id: role.id } }))
  return (
    <Panel title={say('holds', { role: roleName(role.name) })}>
      <Loaded query={query}>
        {({ permissions, operations }) => (
          <div className="flex flex-col gap-3 text-sm">
            <ul className="flex list-disc flex-col gap-1 pl-5">
              {permissions.map((one) => (
                <li key={one.name}>{meaning(one.name, one.meaning)}</li>
              ))}
            </ul>
            <details>
              <summary className="min-h-11 cursor-pointer py-2">{say('opens')}</summary>
              <ul className="flex flex-col gap-1 text-xs">
                {operations.map((one) => (
                  <li key={`${one.method} ${one.path}`}>
                    <code>
                      {one.method} {one.path}
                    </code>{' '}
                    {one.summary}
                  </li>
                ))}
              </ul>
            </details>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function Editor({
  hospitalId,
  role,
  list,
  onDone,
}: {
  hospitalId: string
  role: RoleOut | null
  list: RoleList
  onDone: () => void
}) {
  const say = useMemberWords()
  const common = useCommonWords()
  const roleName = useRoleName()
  const meaning = usePermissionWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [name, setName] = useState(role?.name ?? '')
  const [parentId, setParentId] = useState(role?.parent_id ?? list.items[0]?.id ?? '')
  const [held, setHeld] = useState(new Set(role?.declared ?? []))
  const parent = list.items.find((one) => one.id === parentId)
  const path = { hospital_id: hospitalId }
  const save = useMutation({
    mutationFn: () => {
      const body = { name, parent_id: parentId, permissions: [...held].filter((one) => parent?.permissions.includes(one)) }
      return role === null
        ? createRole({ path, body, throwOnError: true })
        : changeRole({ path: { ...path, role_id: role.id }, body, throwOnError: true })
    },
    onSuccess: async () => {
      tell(say('roleSaved'))
      await cache.invalidateQueries({ queryKey: listRolesOptions({ path }).queryKey })
      onDone()
    },
  })
  const turn = (one: string) => {
    const next = new Set(held)
    if (!next.delete(one)) next.add(one)
    setHeld(next)
  }
  return (
    <div className="flex flex-col gap-4">
      <TextField label={say('name')} told="name" value={name} onChange={(event) => setName(event.target.value)} />
      <SelectField
        label={say('parent')}
        hint={say('parentHint')}
        value={parentId}
        onChange={(event) => setParentId(event.target.value)}
        options={list.items.filter((one) => one.id !== role?.id).map((one) => ({ value: one.id, label: roleName(one.name) }))}
      />
      <fieldset className="flex max-h-72 flex-col gap-2 overflow-y-auto">
        <legend className="mb-2 text-sm font-medium">{say('permissions')}</legend>
        {(parent?.permissions ?? []).map((one) => (
          <CheckField
            key={one}
            label={meaning(one, String(list.all_permissions[one] ?? one))}
            checked={held.has(one)}
            onChange={() => turn(one)}
          />
        ))}
      </fieldset>
      {save.isError && <Refused error={save.error} />}
      <Button kind="primary" busy={save.isPending} disabled={!name.trim()} onClick={() => save.mutate()}>
        {common('save')}
      </Button>
    </div>
  )
}
