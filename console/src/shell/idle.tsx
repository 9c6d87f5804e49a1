// Signs out a page that nobody touches: a screen left open at a desk shows patients to whoever passes. A minute before, it asks.
import { useEffect, useState } from 'react'
import { touched, untouchedMs } from '@/session/touch'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { useShellWords } from './words'

const WARNED_S = 60
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

export function IdleWatch() {
  const say = useShellWords()
  const { page_idle_s: idleS } = useMe()
  const { signOut } = useSession()
  const [leftS, setLeftS] = useState<number | null>(null)

  useEffect(touched, [])
  useEffect(() => {
    if (!(idleS > 0)) return // an installation that is being replaced, and does not tell it yet
    let over = false
    const look = () => {
      const left = Math.ceil(idleS - untouchedMs() / 1000)
      setLeftS(left <= WARNED_S ? Math.max(left, 0) : null)
      if (left > 0 || over) return
      over = true
      void signOut()
    }
    const touch = () => {
      touched()
      setLeftS(null)
    }
    const clock = setInterval(look, 1_000)
    document.addEventListener('visibilitychange', look) // a tab at the back is woken seldom
    for (const name of TOUCHES) document.addEventListener(name, touch, { passive: true, capture: true })
    return () => {
      clearInterval(clock)
      document.removeEventListener('visibilitychange', look)
      for (const name of TOUCHES) document.removeEventListener(name, touch, { capture: true })
    }
  }, [idleS, signOut])

  const stay = () => {
    touched()
    setLeftS(null)
  }
  return (
    <Dialog
      open={leftS !== null}
      title={say('stillThere')}
      onClose={stay}
      actions={
        <>
          <Button onClick={() => void signOut()}>{say('signOut')}</Button>
          <Button kind="primary" onClick={stay}>
            {say('stay')}
          </Button>
        </>
      }
    >
      <p>{say('idleEnds')}</p>
      <p role="timer" className="text-3xl font-semibold tabular-nums">
        {leftS !== null && say('seconds', { left: leftS })}
      </p>
    </Dialog>
  )
}
