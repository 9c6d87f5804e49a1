import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { UserRoundPlus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { listPatients, searchPatients } from '@/api/generated/sdk.gen'
import type { PatientOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { AddPatient } from './add-patient'
import { LikelyDuplicates } from './duplicates'
import { usePatientWords } from './words'

export const nameOf = (one: PatientOut) => [one.given_name, one.family_name].filter(Boolean).join(' ')

const TABS = ['all', 'duplicates'] as const

export function Patients() {
  const say = usePatientWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const tab = useTab(TABS)
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title={say('title')}
      actions={
        may('patients:write') && (
          <Button aria-haspopup="dialog" kind="primary" onClick={() => setAdding(true)}>
            <UserRoundPlus aria-hidden className="size-4" />
            {say('add')}
          </Button>
        )
      }
    >
      {may('patients:merge') && (
        <Tabs
          label={say('title')}
          value={tab}
          options={[
            { value: 'all', label: say('all') },
            { value: 'duplicates', label: say('likelyDuplicates') },
          ]}
          onChange={(next) => void navigate({ to: '/patients', search: next === 'all' ? {} : { tab: next } })}
        >
          {tab === 'duplicates' ? <LikelyDuplicates /> : <Found />}
        </Tabs>
      )}
      {!may('patients:merge') && <Found />}
      <AddPatient open={adding} onClose={() => setAdding(false)} />
    </Page>
  )
}

/** Everybody, or who was searched for. */
function Found() {
  const say = usePatientWords()
  const common = useCommonWords()
  const [text, setText] = useState('')
  // What is searched for is a name: it goes in a body, and stays out of the address and the history.
  const search = useMutation({
    mutationFn: async (wanted: string) => (await searchPatients({ body: { text: wanted, limit: 20 }, throwOnError: true })).data,
  })
  const find = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim()) search.mutate(text.trim())
  }
  return (
    <div className="flex flex-col gap-6">
      <form role="search" onSubmit={find} className="flex max-w-xl items-end gap-2">
        <div className="flex-1">
          <TextField
            label={common('search')}
            hint={say('searchHint')}
            type="search"
            autoComplete="off"
            maxLength={100}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button type="submit" busy={search.isPending} className="mb-6">
          {common('search')}
        </Button>
      </form>
      {search.isError && <Refused error={search.error} />}
      {search.data ? (
        <Panel
          title={say('found', { text: search.variables })}
          actions={<Button onClick={search.reset}>{say('stop')}</Button>}
        >
          {search.data.items.length === 0 && <p className="text-sm text-soft">{say('foundNone')}</p>}
          <ul className="divide-y divide-line">
            {search.data.items.map(({ patient }) => (
              <li key={patient.id} className="flex flex-wrap justify-between gap-3 py-3 text-sm">
                <PatientLink patient={patient} />
                <span className="text-soft">{[patient.record_number, patient.phone].filter(Boolean).join(' · ')}</span>
              </li>
            ))}
          </ul>
        </Panel>
      ) : (
        <All />
      )}
    </div>
  )
}

function PatientLink({ patient }: { patient: PatientOut }) {
  return (
    <Link
      to="/patients/$patientId"
      params={{ patientId: patient.id }}
      className="font-medium text-brand underline-offset-4 hover:underline"
    >
      {nameOf(patient)}
    </Link>
  )
}

function All() {
  const say = usePatientWords()
  const time = useTime()
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['patients', order.sort], async (cursor) => (await listPatients({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const columns: Column<PatientOut>[] = [
    { name: say('name'), cell: nameOf },
    { name: say('recordNumber'), cell: (row) => row.record_number ?? '–' },
    { name: say('birthDate'), cell: (row) => (row.birth_date ? time.date(row.birth_date) : '–') },
    { name: say('phone'), cell: (row) => row.phone ?? '–' },
    { name: say('registered'), cell: (row) => time.date(row.created_at), sort: 'created_at' },
  ]
  return (
    <Table
      order={order}
      caption={say('title')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/patients/$patientId', params: { patientId: row.id } })}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}
