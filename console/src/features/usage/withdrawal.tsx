// Asks before a price is taken back, for it prices nothing from then on and can't be put back as it was.
import { useMutation } from '@tanstack/react-query'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useUsageWords } from './words'

export function Withdrawal({ what, withdraw, onClose }: { what: string | null; withdraw: () => Promise<unknown>; onClose: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const tell = useTell()
  const gone = useMutation({
    mutationFn: withdraw,
    onSuccess: () => {
      tell(say('withdrawn'))
      onClose()
    },
  })
  const close = () => {
    gone.reset()
    onClose()
  }
  return (
    <Dialog
      open={what !== null}
      title={say('withdrawTitle')}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{common('cancel')}</Button>
          <Button kind="danger" busy={gone.isPending} onClick={() => gone.mutate()}>
            {say('withdraw')}
          </Button>
        </>
      }
    >
      <p className="text-sm font-medium break-words">{what}</p>
      <p className="text-sm">{say('withdrawMeans')}</p>
      {gone.isError && <Refused error={gone.error} />}
    </Dialog>
  )
}
