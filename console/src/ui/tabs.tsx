import { useSearch } from '@tanstack/react-router'
import { Tabs as Radix } from 'radix-ui'
import { useEffect, useRef, type ReactNode } from 'react'

/** The tab that the address names; the first where it names none of these. */
export function useTab<V extends string>(tabs: readonly [V, ...V[]]): V
export function useTab<V extends string>(tabs: readonly V[]): V | undefined
export function useTab(tabs: readonly string[]): string | undefined {
  const { tab } = useSearch({ strict: false }) as { tab?: unknown }
  return tabs.find((one) => one === tab) ?? tabs[0]
}

/** Tabs whose choice the page keeps, in the address where it can. */
export function Tabs<V extends string>({
  label,
  value,
  onChange,
  options,
  children,
}: {
  label: string
  value: V
  onChange: (value: V) => void
  options: readonly { value: V; label: ReactNode }[]
  children: ReactNode
}) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // On a phone the row of tabs is wider than the screen, and an address may name the last of them.
    const [row, chosen] = [list.current, list.current?.querySelector<HTMLElement>('[data-state=active]')]
    if (row && chosen) row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2
  }, [value])
  return (
    // By the keys one goes along the tabs and then chooses: what gets the focus back (after a question, say) chooses nothing.
    <Radix.Root value={value} onValueChange={(next) => onChange(next as V)} activationMode="manual" className="flex flex-col gap-4">
      <Radix.List ref={list} aria-label={label} className="no-print flex gap-1 overflow-x-auto border-b border-line">
        {options.map((one) => (
          <Radix.Trigger
            key={one.value}
            value={one.value}
            className="min-h-11 shrink-0 border-b-2 border-transparent px-4 text-sm font-medium text-soft hover:text-ink data-[state=active]:border-brand data-[state=active]:text-ink"
          >
            {one.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={value}>{children}</Radix.Content>
    </Radix.Root>
  )
}
