import { Empty } from '@/ui/states'

export function Unbuilt() {
  return <Empty title="…" />
}
