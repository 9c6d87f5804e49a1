// Asks before what was typed is left behind. A sign-out asks nothing: this goes with the page that it ends.
import { useBlocker } from '@tanstack/react-router'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { isUnsaved, wouldLose } from '@/ui/unsaved'
import { useShellWords } from './words'

export function LeaveQuestion() {
  const say = useShellWords()
  const { status, proceed, reset } = useBlocker({ shouldBlockFn: wouldLose, enableBeforeUnload: isUnsaved, withResolver: true })
  const stay = () => reset?.()
  return (
    <Dialog
      open={status === 'blocked'}
      title={say('leaveTitle')}
      onClose={stay}
      actions={
        <>
          <Button onClick={() => proceed?.()}>{say('leave')}</Button>
          <Button kind="primary" onClick={stay}>
            {say('leaveNot')}
          </Button>
        </>
      }
    >
      <p>{say('leaveHint')}</p>
    </Dialog>
  )
}
