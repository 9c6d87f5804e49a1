import { words } from '@/i18n'

export const usePrivacyWords = words(
  'privacy',
  {
    consents: 'Consent texts',
    emergency: 'Emergency access',
    erasures: 'Erased patients',
    masking: 'Masking',
    retention: 'How long it is kept',
    title: 'Privacy and safety',
  },
  {
    consents: 'सहमति के पाठ',
    emergency: 'आपात पहुँच',
    erasures: 'मिटाए गए मरीज़',
    masking: 'पहचान छिपाना',
    retention: 'कब तक रखा जाए',
    title: 'गोपनीयता और सुरक्षा',
  },
)
