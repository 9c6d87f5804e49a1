import { useEffect, useRef, useState } from 'react'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { microphones, openMicrophone, type Microphone } from './audio/microphone'
import { LevelMeter } from './level-meter'
import { useRoomWords } from './words'

/** Choose a microphone and see that it hears, before anybody else does. Nothing leaves the page here. */
export function DeviceCheck({ onStart }: { onStart: (options: { voice: boolean; deviceId?: string }) => void }) {
  const say = useRoomWords()
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([])
  const [deviceId, setDeviceId] = useState<string | undefined>(undefined)
  const [deaf, setDeaf] = useState<string | null>(null)
  const microphone = useRef<Microphone | null>(null)

  useEffect(() => {
    let gone = false
    const open = async () => {
      try {
        const opened = await openMicrophone(deviceId, () => undefined, () => setDeaf('NotFoundError'))
        if (gone) return opened.close()
        microphone.current = opened
        setDeaf(null)
        setDevices(await microphones())
      } catch (error) {
        if (!gone) setDeaf(error instanceof DOMException ? error.name : 'NotSupportedError')
      }
    }
    void open()
    return () => {
      gone = true
      microphone.current?.close()
      microphone.current = null
    }
  }, [deviceId])

  return (
    <Panel title={say('check')} className="flex max-w-xl flex-col gap-4">
      {deaf === null ? (
        <>
          <p className="text-sm text-soft">{say('checkHint')}</p>
          <LevelMeter level={() => microphone.current?.level() ?? 0} />
          {devices.length > 1 && (
            <SelectField
              label={say('microphone')}
              value={deviceId ?? ''}
              onChange={(event) => setDeviceId(event.target.value || undefined)}
              options={[
                { value: '', label: say('microphoneDefault') },
                ...devices.map((one) => ({ value: one.deviceId, label: one.label })),
              ]}
            />
          )}
        </>
      ) : (
        <Deaf why={deaf} />
      )}
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" disabled={deaf !== null} onClick={() => onStart({ voice: true, deviceId })} className="min-h-12 px-6">
          {say('voice')}
        </Button>
        <Button onClick={() => onStart({ voice: false })} className="min-h-12">
          {say('textOnly')}
        </Button>
      </div>
    </Panel>
  )
}

export function Deaf({ why }: { why: string }) {
  const say = useRoomWords()
  const text = why === 'NotAllowedError' ? 'deafNotAllowed' : why === 'NotFoundError' ? 'deafNotFound' : 'deafOther'
  return (
    <p role="alert" className="rounded-lg bg-warn-wash p-3 text-sm">
      {say(text)}
    </p>
  )
}
