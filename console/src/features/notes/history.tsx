import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { compareNoteVersionsOptions, listNoteVersionsOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { NoteOut, StatementChange } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useDeskWords } from './desk-words'
import { Older } from './older'
import { useNoteWords } from './words'

type Looked = { at: 'version' | 'changes'; number: number } | { at: 'whole' }

export function History({ note }: { note: NoteOut }) {
  const { id: noteId, version } = note
  const say = useNoteWords()
  const desk = useDeskWords()
  const time = useTime()
  const [looked, setLooked] = useState<Looked | null>(null)
  // The version is part of the key by being asked for anew: a later one means a longer history.
  const query = useQuery({ ...listNoteVersionsOptions({ path: { note_id: noteId } }), staleTime: 0 })
  return (
    <Panel title={say('history')} className="no-print">
      <Loaded query={query}>
        {({ intact, versions }) => (
          <div className="flex flex-col gap-3 text-sm">
            <Badge tone={intact ? 'good' : 'bad'}>{say(intact ? 'chainHolds' : 'chainBroken')}</Badge>
            <ol className="divide-y divide-line">
              {versions.map((one) => (
                <li key={one.number} className="flex flex-wrap items-center justify-between gap-2 py-2">
                  <span>
                    {say('version', { n: one.number })}: {say(`reason_${one.reason}` as 'reason_edited')}
                  </span>
                  <span className="flex flex-wrap items-center gap-2 text-soft">
                    {time.moment(one.created_at)}
                    {one.number < version && (
                      <>
                        <Button size="small" onClick={() => setLooked({ at: 'version', number: one.number })}>
                          {desk('versionRead', { n: one.number })}
                        </Button>
                        <Button size="small" onClick={() => setLooked({ at: 'changes', number: one.number })}>
                          {say('changes', { was: one.number, now: version })}
                        </Button>
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ol>
            {note.status === 'approved' && (
              <div>
                <Button size="small" onClick={() => setLooked({ at: 'whole' })}>
                  {desk('whole')}
                </Button>
              </div>
            )}
            <div aria-live="polite">
              {looked?.at === 'version' && <Older note={note} number={looked.number} />}
              {looked?.at === 'changes' && (
                <Difference noteId={noteId} was={looked.number} now={version} name={say('changes', { was: looked.number, now: version })} />
              )}
              {looked?.at === 'whole' && <Difference noteId={noteId} was="draft" now="signed" name={desk('whole')} />}
            </div>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

const FATES: Record<string, Tone> = { added: 'good', removed: 'bad', changed: 'warn', unchanged: 'neutral' }

function Difference({ noteId, was, now, name }: { noteId: string; was: number | 'draft'; now: number | 'signed'; name: string }) {
  const say = useNoteWords()
  const desk = useDeskWords()
  const query = useQuery(compareNoteVersionsOptions({ path: { note_id: noteId, was, now } }))
  return (
    <section aria-label={name} className="rounded-lg bg-sunken p-3">
      <Loaded query={query}>
        {({ statements }) =>
          statements.every((one) => one.fate === 'unchanged') ? (
            <p>{desk('nothingChanged')}</p>
          ) : (
            <ul className="flex flex-col gap-3">
              {statements
                .filter((one) => one.fate !== 'unchanged')
                .map((one) => (
                  <li key={one.id} className="flex flex-col gap-1">
                    <span>
                      <Badge tone={FATES[one.fate]}>{say(`fate_${one.fate}` as 'fate_added')}</Badge>
                    </span>
                    <Words change={one} />
                  </li>
                ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  )
}

function Words({ change }: { change: StatementChange }) {
  if (change.words.length === 0) return <p>{(change.now ?? change.was)?.body.text}</p>
  return (
    <p>
      {change.words.map((one, n) =>
        one.how === 'added' ? (
          <ins key={n} className="bg-good-wash">
            {one.text}{' '}
          </ins>
        ) : one.how === 'removed' ? (
          <del key={n} className="bg-bad-wash">
            {one.text}{' '}
          </del>
        ) : (
          <span key={n}>{one.text} </span>
        ),
      )}
    </p>
  )
}
