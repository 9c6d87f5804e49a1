import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useForm } from 'react-hook-form'
import { changeProfessional, listProfessionals } from '@/api/generated/sdk.gen'
import type { ProfessionalIn, ProfessionalOut } from '@/api/generated/types.gen'
import { rowsOf } from '@/api/pages'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { Exceptions } from './exceptions'
import { KINDS, type Kind } from './kinds'
import { nameOf } from './professionals'
import { WeeklyHours } from './week'
import { useClinicWords } from './words'

const MOST_PAGES = 10

/** One professional. The API lists them; we read on until this one comes. */
async function find(id: string, everybody: boolean): Promise<ProfessionalOut | null> {
  let cursor: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { scope: everybody ? 'organization' : 'own', limit: 200, cursor } as const
    const { data } = await listProfessionals({ query, throwOnError: true })
    const found = data.items.find((one) => one.id === id)
    if (found) return found
    if (!data.next) return null
    cursor = data.next
  }
  return null
}

export function Professional({ id }: { id: string }) {
  const say = useClinicWords()
  const common = useCommonWords()
  const everybody = useSession().may('professionals:write')
  const query = useQuery({ queryKey: ['professionals', id], queryFn: () => find(id, everybody) })
  return (
    <div className="flex flex-col gap-4">
      {everybody && (
        <Link to="/clinic" search={{ tab: 'professionals' }} className="inline-flex min-h-11 items-center gap-2 self-start text-sm text-brand underline-offset-4 hover:underline">
          <ArrowLeft aria-hidden className="size-4" />
          {say('allProfessionals')}
        </Link>
      )}
      <Loaded query={query} lines={8}>
        {(one) =>
          one === null ? (
            <p className="text-sm">{everybody ? common('notFound') : say('noProfile')}</p>
          ) : (
            <>
              {everybody && <h2 className="text-xl font-semibold">{nameOf(one)}</h2>}
              <div className="grid items-start gap-4 xl:grid-cols-[3fr_2fr]">
                <WeeklyHours id={id} />
                <div className="flex min-w-0 flex-col gap-4">
                  <Exceptions id={id} />
                  <Profile one={one} />
                </div>
              </div>
            </>
          )
        }
      </Loaded>
    </div>
  )
}

type Given = Record<'department_id' | 'specialty_id' | 'employee_number' | 'phone', string> & { bookable: boolean }

function Profile({ one }: { one: ProfessionalOut }) {
  const say = useClinicWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const administers = useSession().may('professionals:write')
  const departments = useNames('departments')
  const specialties = useNames('specialties')
  const { register, handleSubmit, reset, formState } = useForm<Given>({
    defaultValues: {
      department_id: one.department_id ?? '',
      specialty_id: one.specialty_id ?? '',
      employee_number: one.employee_number ?? '',
      phone: one.phone ?? '',
      bookable: one.bookable,
    },
  })
  useUnsaved(formState.isDirty)
  const save = useMutation({
    mutationFn: (body: ProfessionalIn) => changeProfessional({ path: { professional_id: one.id }, body, throwOnError: true }),
    onSuccess: async () => {
      tell(common('saved'))
      await cache.invalidateQueries({ queryKey: ['professionals'] })
    },
  })
  // Before the names are there a select holds none of them, and would give back an empty choice.
  if (!departments || !specialties) return null
  const send = (given: Given) =>
    save.mutate(
      {
        bookable: given.bookable,
        department_id: administers ? given.department_id || null : one.department_id,
        specialty_id: given.specialty_id || null,
        employee_number: administers ? given.employee_number.trim() || null : one.employee_number,
        phone: given.phone.trim() || null,
      },
      { onSuccess: () => reset(given, { keepValues: true }) },
    )
  const hint = administers ? undefined : say('administratorSets')
  return (
    <Panel title={say('profile')}>
      <form onSubmit={(event) => void handleSubmit(send)(event)} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label={say('department')} hint={hint} disabled={!administers} options={departments} {...register('department_id')} />
          <SelectField label={say('specialty')} options={specialties} {...register('specialty_id')} />
          <TextField label={say('employeeNumber')} hint={hint} disabled={!administers} maxLength={40} {...register('employee_number')} />
          <TextField label={say('phone')} type="tel" maxLength={30} {...register('phone')} />
        </div>
        <CheckField label={say('bookable')} hint={say('bookableHint')} {...register('bookable')} />
        {save.isError && <Refused error={save.error} />}
        <Button type="submit" busy={save.isPending} className="self-start">
          {common('save')}
        </Button>
      </form>
    </Panel>
  )
}

function useNames(kind: Kind) {
  const common = useCommonWords()
  const { data } = useQuery({ queryKey: [kind, 'choices'], queryFn: () => rowsOf(async (cursor) => ({ data: await KINDS[kind].list(cursor, 'name') })) })
  return data && [{ value: '', label: common('none') }, ...data.map(({ id, name }) => ({ value: id, label: name }))]
}
