import { useQuery } from '@tanstack/react-query'
import { getNoteVersionOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { FrozenStatement, NoteOut, StatementOut } from '@/api/generated/types.gen'
import { MemberName } from '@/features/members/member-name'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useDeskWords } from './desk-words'
import { Verdict } from './verdicts'

/** A note as it stood in an earlier version, under the headings it has now. */
export function Older({ note, number }: { note: NoteOut; number: number }) {
  const say = useDeskWords()
  const time = useTime()
  const query = useQuery(getNoteVersionOptions({ path: { note_id: note.id, number } }))
  const heading = ({ part, section }: FrozenStatement) =>
    (note.parts.find((one) => one.key === part) ?? note.parts.find((one) => one.section === section))?.heading ?? section
  return (
    <section aria-label={say('versionOf', { n: number })} className="rounded-lg bg-sunken p-3">
      <Loaded query={query}>
        {(version) => (
          <div className="flex flex-col gap-3">
            <p className="font-medium">{say('versionOf', { n: number })}</p>
            <p className="text-soft">
              {time.moment(version.created_at)} {version.created_by && <MemberName id={version.created_by} />}
              <span className="block text-xs break-all">
                {say('versionHash')}: <span className="font-mono">{version.hash}</span>
              </span>
            </p>
            {[...new Set(version.statements.map(heading))].map((one) => (
              <div key={one}>
                <p className="font-medium">{one}</p>
                <ul className="flex flex-col gap-2">
                  {version.statements
                    .filter((statement) => heading(statement) === one)
                    .map((statement) => (
                      <li key={statement.id} className="flex flex-wrap items-start justify-between gap-2">
                        <span className="min-w-0 flex-1 break-words">{statement.body.text}</span>
                        <Verdict verdict={statement.verdict as StatementOut['verdict']} />
                      </li>
                    ))}
                </ul>
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </section>
  )
}
