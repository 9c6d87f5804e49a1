import { words } from '@/i18n'

export const usePickWords = words(
  'pickPatient',
  {
    change: 'Somebody else',
    chosen: 'Chosen: {{name}}',
    hint: 'Type a part of the name, a phone number or a record number.',
    none: 'Nobody is found by this.',
    patient: 'Patient',
  },
  {
    change: 'कोई और',
    chosen: 'चुना गया: {{name}}',
    hint: 'नाम का हिस्सा, फ़ोन नंबर या रिकॉर्ड संख्या लिखें।',
    none: 'इससे कोई नहीं मिला।',
    patient: 'मरीज़',
  },
)
