// A note on paper: what it says and who answers for it, nothing of the desk. Shown only where it is printed.
import type { ReactNode } from 'react'
import type { NoteOut } from '@/api/generated/types.gen'
import { PatientIdentifiers } from '@/features/patients/patient-name'
import { useMe } from '@/session/session'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { statementsOf } from './parts'
import { useNoteWords } from './words'

export interface PaperSection {
  heading: string
  texts: readonly string[]
}

export interface PaperAddendum {
  author: string
  created_at: string
  sections: readonly PaperSection[]
}

interface Printed {
  title: string
  patient: ReactNode
  at: string
  sections: readonly PaperSection[]
  addenda: readonly PaperAddendum[]
  /** Who answers for it and since when, or that nobody does. */
  standing: ReactNode
  draft?: boolean
  remark?: string
}

export function Paper({ title, patient, at, sections, addenda, standing, draft = false, remark }: Printed) {
  const say = useNoteWords()
  const common = useCommonWords()
  const time = useTime()
  const me = useMe()
  return (
    <article data-paper className="hidden text-[11pt] leading-snug print:block">
      <OnEachPage
        head={
          <>
            <span>{me.organization}</span>
            <span className="text-right">
              {patient} · {title} · {time.moment(at)}
              {draft && ` · ${say('notSigned')}`}
            </span>
          </>
        }
      >
        <header className="mb-5 border-b border-line pb-3">
          <h1 className="text-xl font-semibold">{title}</h1>
          <p>
            {say('patient')}: <span className="font-medium">{patient}</span>
          </p>
          <p className="text-sm">
            {time.moment(at)} · {common('zone', { zone: ZONE })}
          </p>
          <p className="mt-1 font-semibold">{standing}</p>
          {remark && <p className="text-sm">{remark}</p>}
        </header>
        <PaperSections sections={sections} />
        {addenda.map((one, n) => (
          <section key={n} className="mt-5 border-t border-line pt-3">
            <h2 className="break-after-avoid font-semibold">
              {say('addendum')}: {say('signedBy', { name: one.author })}, {time.moment(one.created_at)}
            </h2>
            <PaperSections sections={one.sections} />
          </section>
        ))}
        <footer className="mt-6 break-before-avoid break-inside-avoid border-t border-line pt-2">{standing}</footer>
      </OnEachPage>
    </article>
  )
}

/** A table's head is what browsers print again on each page: a page that went astray says whose it is. */
function OnEachPage({ head, children }: { head: ReactNode; children: ReactNode }) {
  return (
    <table className="w-full">
      <thead>
        <tr>
          <td className="pb-4 text-[9pt] text-soft">
            <div className="flex justify-between gap-6">{head}</div>
          </td>
        </tr>
      </thead>
      <tbody>
        <tr>
          <td>{children}</td>
        </tr>
      </tbody>
    </table>
  )
}

function PaperSections({ sections }: { sections: readonly PaperSection[] }) {
  return sections.map((section, n) => (
    <section key={n} className="mb-4">
      {section.heading && <h3 className="mb-1 break-after-avoid font-semibold">{section.heading}</h3>}
      <ul className="flex flex-col gap-1">
        {section.texts.map((text, k) => (
          <li key={k} className="break-inside-avoid">
            {text}
          </li>
        ))}
      </ul>
    </section>
  ))
}

export function NotePaper({ note }: { note: NoteOut }) {
  const say = useNoteWords()
  const sections = note.parts
    .map((part) => ({ heading: part.heading, texts: statementsOf(note, part).map((one) => one.text) }))
    .filter((one) => one.texts.length > 0)
  const addenda = note.addenda.map(({ author, created_at, statements }) => ({
    author,
    created_at,
    sections: [{ heading: '', texts: statements.map((one) => one.text) }],
  }))
  return (
    <Paper
      title={note.title}
      patient={<PatientIdentifiers id={note.patient_id} />}
      at={note.created_at}
      sections={sections}
      addenda={addenda}
      standing={note.approved_at ? <Signed by={note.signed_by} at={note.approved_at} /> : say('notSigned')}
      draft={note.approved_at === null}
      remark={note.revealed ? undefined : say('printMasked')}
    />
  )
}

/** Who signed, and when. */
export function Signed({ by, at }: { by: string | null; at: string }) {
  const say = useNoteWords()
  const time = useTime()
  return (
    <>
      {say('approvedAt', { when: time.moment(at) })}
      {by && ` · ${by}`}
    </>
  )
}
