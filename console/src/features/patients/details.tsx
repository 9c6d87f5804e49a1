// What is told of a patient when they are added and when it changes.
import type { UseFormRegister } from 'react-hook-form'
import type { PatientIn, PatientOut } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { SelectField, TextField } from '@/ui/field'
import { usePatientWords } from './words'

export const GENDERS = ['unknown', 'female', 'male', 'other'] as const

type Name = Exclude<keyof PatientIn, 'language' | 'gender'>
const FIELDS: readonly Name[] = ['given_name', 'family_name', 'birth_date', 'phone', 'email', 'address', 'record_number']

export type Details = Record<Name | 'language' | 'gender', string>

export function detailsOf(one: PatientOut): Details {
  const told = Object.fromEntries(FIELDS.map((name) => [name, one[name] ?? ''])) as Record<Name, string>
  return { ...told, gender: one.gender ?? 'unknown', language: one.language }
}

/** What is left empty is not told. */
export function told(given: Details): PatientIn {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim() !== '')) as unknown as PatientIn
}

export function DetailFields({ register }: { register: UseFormRegister<Details> }) {
  const say = usePatientWords()
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('givenName')} required maxLength={100} {...register('given_name')} />
        <TextField label={say('familyName')} required maxLength={100} {...register('family_name')} />
        <TextField label={say('birthDate')} type="date" {...register('birth_date')} />
        <SelectField
          label={say('gender')}
          options={GENDERS.map((value) => ({ value, label: say(`gender_${value}`) }))}
          {...register('gender')}
        />
        <TextField label={say('phone')} type="tel" maxLength={20} {...register('phone')} />
        <TextField label={say('recordNumber')} maxLength={40} {...register('record_number')} />
        <TextField label={say('email')} type="email" {...register('email')} />
        <SelectField label={say('language')} options={SPOKEN} {...register('language')} />
      </div>
      <TextField label={say('address')} maxLength={300} {...register('address')} />
    </>
  )
}
