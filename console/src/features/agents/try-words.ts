import { words } from '@/i18n'

export const useTryWords = words(
  'agentTry',
  {
    hint: 'The newest version answers, published or not. The conversation is kept on the record of the patient chosen here, so choose one that is for tests.',
    measured: 'See how long each step took',
    patient: 'In whose name',
  },
  {
    hint: 'सबसे नया संस्करण उत्तर देता है, चालू हो या नहीं। बातचीत चुने गए मरीज़ के रिकॉर्ड में रहती है, इसलिए परीक्षण वाला मरीज़ चुनें।',
    measured: 'देखें हर चरण में कितना समय लगा',
    patient: 'किसके नाम से',
  },
)
