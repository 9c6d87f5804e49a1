import { words } from '@/i18n'

export const useEventWords = words(
  'events',
  { away: 'Live updates are away for the moment; what you see is read anew every minute.' },
  { away: 'लाइव अपडेट अभी नहीं आ रहे; जो दिखता है वह हर मिनट फिर से पढ़ा जाता है।' },
)
