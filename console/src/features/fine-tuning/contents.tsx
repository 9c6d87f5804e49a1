import type { FinetuneExportOut } from '@/api/generated/types.gen'
import { useTime } from '@/ui/time'
import { total, type Manifest } from './manifest'
import { useFineTuningWords } from './words'

type Say = ReturnType<typeof useFineTuningWords>

/** What stands in an export, and what was left out and why. */
export function Contents({ manifest, one, open }: { manifest: Manifest; one: FinetuneExportOut; open: boolean }) {
  const say = useFineTuningWords()
  const time = useTime()
  const left = Object.entries(manifest.leftOut).sort((a, b) => b[1] - a[1])
  return (
    <details open={open} className="text-sm">
      <summary className="min-h-11 cursor-pointer content-center font-medium">
        {say('what')}
        <span className="ml-3 font-normal text-soft">
          {say('examplesCount', { n: time.number(total(manifest.examples)) })} · {say('patientsCount', { n: time.number(manifest.patients) })}
        </span>
      </summary>
      <div className="mt-2 grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <section className="flex flex-col gap-1">
          <h3 className="font-medium">{say('examples')}</h3>
          <ul>
            {Object.entries(manifest.examples).map(([kind, n]) => (
              <li key={kind}>{exampleOf(say, kind, time.number(n))}</li>
            ))}
          </ul>
          <dl className="mt-2 flex flex-col gap-1">
            {Object.entries(manifest.files).map(([name, file]) => (
              <Line key={name} name={fileOf(say, name)} value={`${say('examplesCount', { n: time.number(file.lines) })} · ${say('kilobytes', { n: time.number(Math.ceil(file.bytes / 1000)) })}`} />
            ))}
          </dl>
        </section>
        <section className="flex flex-col gap-1">
          <h3 className="font-medium">{say('leftOut')}</h3>
          {left.length === 0 ? (
            <p className="text-soft">{say('leftOutNone')}</p>
          ) : (
            <dl className="flex flex-col gap-1">
              {left.map(([reason, n]) => (
                <Line key={reason} name={reasonOf(say, reason)} value={time.number(n)} />
              ))}
            </dl>
          )}
        </section>
      </div>
      {one.content_hash && (
        <p className="mt-3 text-xs break-all text-soft">
          {say('sha')}: {one.content_hash}
        </p>
      )}
    </details>
  )
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="min-w-0 text-soft">{name}</dt>
      <dd className="shrink-0 tabular-nums">{value}</dd>
    </div>
  )
}

const EXAMPLES = ['note', 'conversation'] as const
const FILES = ['train', 'validation'] as const
const REASONS = [
  'no_consent', 'not_clean', 'without_evidence', 'too_long', 'low_rating', 'used_tools', 'staff_spoke', 'emergency',
  'rests_on_knowledge', 'nothing_said', 'no_source',
] as const

function exampleOf(say: Say, kind: string, n: string): string {
  const known = EXAMPLES.find((one) => one === kind)
  return known ? say(`examples_${known}`, { n }) : `${kind}: ${n}`
}

function fileOf(say: Say, name: string): string {
  const known = FILES.find((one) => `${one}.jsonl` === name)
  return known ? say(`file_${known}`) : name
}

function reasonOf(say: Say, reason: string): string {
  const known = REASONS.find((one) => one === reason)
  return known ? say(`left_${known}`) : reason
}
