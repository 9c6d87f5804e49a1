import type { CarrierOut } from '@/api/generated/types.gen'

/** Names of companies are the same in every language. */
export const KIND_NAMES: Record<CarrierOut['kind'], string> = { twilio: 'Twilio', exotel: 'Exotel', plivo: 'Plivo' }
export const KINDS = ['twilio', 'plivo', 'exotel'] as const
