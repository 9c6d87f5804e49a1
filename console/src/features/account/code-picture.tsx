import { useMemo } from 'react'
import { codeMatrix } from './code-matrix'

/** A QR code. White with black in every theme: many readers do not know it the other way round. */
export function CodePicture({ text, name }: { text: string; name: string }) {
  const { size, path } = useMemo(() => codeMatrix(text), [text])
  return (
    <svg role="img" aria-label={name} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" className="size-52 shrink-0 rounded-lg border border-line forced-color-adjust-none">
      <path fill="#fff" d={`M0 0h${size}v${size}h-${size}z`} />
      <path fill="#000" d={path} />
    </svg>
  )
}
