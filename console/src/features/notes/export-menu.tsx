import { Download } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { blobOf } from '@/api/client'
import type { NoteOut } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { save } from '@/ui/save'
import { useTell } from '@/ui/toast'
import { useNoteWords } from './words'

const FORMS = [
  { format: 'pdf', name: 'PDF', suffix: 'pdf' },
  { format: 'docx', name: 'Word', suffix: 'docx' },
  { format: 'markdown', name: 'Markdown', suffix: 'md' },
  { format: 'fhir', name: 'FHIR R4', suffix: 'json' },
  { format: 'fhir-abdm', name: 'FHIR, ABDM', suffix: 'json' },
] as const

/** A document is fetched with the sign-in, never by an address that would open it. */
export function ExportMenu({ note }: { note: NoteOut }) {
  const say = useNoteWords()
  const tell = useTell()
  const language = useLanguage()
  const fetchDocument = async ({ format, suffix }: (typeof FORMS)[number]) => {
    const reveal = note.revealed || format === 'fhir-abdm'
    try {
      const blob = await blobOf(`/api/v1/soap/notes/${note.id}/export?format=${format}&reveal=${reveal}&language=${language}`)
      save(blob, `note-v${note.version}.${suffix}`)
    } catch (error) {
      tell.refusal(error)
    }
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button>
          <Download aria-hidden className="size-4" />
          {say('export')}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content align="end" className="z-50 min-w-44 rounded-xl border border-line bg-panel p-1 shadow-lg">
        {FORMS.map((form) => (
          <DropdownMenu.Item
            key={form.format}
            onSelect={() => void fetchDocument(form)}
            className="flex min-h-11 cursor-pointer items-center rounded-lg px-3 text-sm outline-none data-[highlighted]:bg-sunken"
          >
            {form.name}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}
