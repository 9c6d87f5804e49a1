import { useState } from 'react'
import type { MemberOut, RoleOut } from '@/api/generated/types.gen'
import { useRoleName } from '@/i18n/roles'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { useCommonWords } from '@/ui/words'
import { useMemberWords } from './words'

export interface PeopleWanted {
  /** Kept out of the page's address, where the others stand. */
  name?: string
  status?: MemberOut['status']
  role_id?: string
}

const STATES = ['active', 'suspended', 'removed'] as const

/** What an address asks for, as far as there is such a thing. */
export function wantedOf({ status, role_id }: Record<string, unknown>): PeopleWanted {
  return { status: STATES.find((one) => one === status), role_id: typeof role_id === 'string' ? role_id : undefined }
}

export function PeopleFilters({ wanted, roles, onChange }: { wanted: PeopleWanted; roles: readonly RoleOut[]; onChange: (wanted: PeopleWanted) => void }) {
  const say = useMemberWords()
  const common = useCommonWords()
  const roleName = useRoleName()
  const [name, setName] = useState('')
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        onChange({ ...wanted, name: name.trim() || undefined })
      }}
      className="grid items-end gap-3 sm:grid-cols-[2fr_1fr_1fr_auto]"
    >
      <TextField label={say('name')} type="search" autoComplete="off" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <SelectField
        label={say('role')}
        value={wanted.role_id ?? ''}
        onChange={(event) => onChange({ ...wanted, role_id: event.target.value || undefined })}
        options={[{ value: '', label: say('all') }, ...roles.map((one) => ({ value: one.id, label: roleName(one.name) }))]}
      />
      <SelectField
        label={say('status')}
        value={wanted.status ?? ''}
        onChange={(event) => onChange({ ...wanted, status: (event.target.value || undefined) as PeopleWanted['status'] })}
        options={[{ value: '', label: say('all') }, ...STATES.map((value) => ({ value, label: say(`status_${value}`) }))]}
      />
      <Button type="submit">{common('search')}</Button>
    </form>
  )
}
