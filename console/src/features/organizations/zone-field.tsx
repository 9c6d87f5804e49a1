import { useId, type ComponentProps } from 'react'
import { TextField } from '@/ui/field'
import { useOrganizationWords } from './words'

/** A time zone by its name, with all that the browser knows offered. */
export function ZoneField(rest: Omit<ComponentProps<typeof TextField>, 'label'>) {
  const say = useOrganizationWords()
  const list = useId()
  return (
    <>
      <TextField label={say('zone')} hint={say('zoneHint')} required maxLength={60} list={list} {...rest} />
      <datalist id={list}>
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </>
  )
}
