import { expect, test } from 'vitest'
import type { AccountOut, VendorOut } from '@/api/generated/types.gen'
import { modelsOf, ofVendor, optionsOf } from './account-given'

const vendor = { capabilities: ['tts', 'stt'], models: { stt: 'nova-3', tts: 'aura' }, options: { region: 'where' } } as unknown as VendorOut
const account = { models: { stt: 'nova-3', tts: 'other' }, switched_off: [], options: { region: 'south' } } as unknown as AccountOut

test('what nobody changes is sent as it is, and a usual model stays the vendor’s to choose', () => {
  const given = ofVendor(vendor, account)
  expect(modelsOf(vendor, given)).toEqual({ tts: 'other' })
  expect(optionsOf(vendor, given)).toEqual({ region: 'south' })
})

test('what an account does not do is null, whatever model stands there', () => {
  const given = ofVendor(vendor, account)
  expect(modelsOf(vendor, { ...given, does: { stt: true, tts: false } })).toEqual({ tts: null })
  expect(ofVendor(vendor, { ...account, models: { stt: 'nova-3' }, switched_off: ['tts'] }).does).toEqual({ stt: true, tts: false })
})

test('an emptied option, and one of another vendor, is not sent', () => {
  expect(optionsOf(vendor, { models: {}, does: {}, options: { region: ' ', voice: 'x' } })).toEqual({})
})
