// Whether an organization runs. Each act says first what it means for the people there.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { getOrganizationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeOrganization } from '@/api/generated/sdk.gen'
import type { OrganizationOut, OrganizationStatus } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useOrganizationWords } from './words'

export function Standing({ organization }: { organization: OrganizationOut }) {
  const say = useOrganizationWords()
  const [asked, setAsked] = useState<OrganizationStatus | null>(null)
  if (organization.status === 'closed')
    return (
      <Panel title={say('status')}>
        <p className="text-sm">{say('closedMeans')}</p>
      </Panel>
    )
  const active = organization.status === 'active'
  return (
    <Panel title={say('status')}>
      <p className="mb-3 text-sm text-soft">{say(active ? 'activeMeans' : 'suspendedMeans')}</p>
      <div className="flex flex-wrap gap-2">
        <Button aria-haspopup="dialog" onClick={() => setAsked(active ? 'suspended' : 'active')}>{say(active ? 'suspend' : 'restore')}</Button>
        <Button aria-haspopup="dialog" kind="danger" onClick={() => setAsked('closed')}>
          {say('closeForGood')}
        </Button>
      </div>
      <Dialog open={asked !== null} title={asked ? say(`ask_${asked}`, { name: organization.name }) : ''} onClose={() => setAsked(null)}>
        {asked && <Turn organization={organization} to={asked} onDone={() => setAsked(null)} />}
      </Dialog>
    </Panel>
  )
}

function Turn({ organization, to, onDone }: { organization: OrganizationOut; to: OrganizationStatus; onDone: () => void }) {
  const say = useOrganizationWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [typed, setTyped] = useState('')
  const path = { hospital_id: organization.id }
  const turn = useMutation({
    mutationFn: () => changeOrganization({ path, body: { status: to }, throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(say(`now_${to}`))
      cache.setQueryData(getOrganizationOptions({ path }).queryKey, data)
      void cache.invalidateQueries({ queryKey: ['organizations'] })
      onDone()
    },
  })
  return (
    <>
      <p className="text-sm">{say(`then_${to}`)}</p>
      {to === 'closed' && (
        <TextField
          label={say('typeSlug', { slug: organization.slug })}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {turn.isError && <Refused error={turn.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button
          kind={to === 'active' ? 'primary' : 'danger'}
          busy={turn.isPending}
          disabled={to === 'closed' && typed.trim() !== organization.slug}
          onClick={() => turn.mutate()}
        >
          {say(`act_${to}`)}
        </Button>
      </footer>
    </>
  )
}
