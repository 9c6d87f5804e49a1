import { words } from '@/i18n'

export const useTryWords = words(
  'agentTry',
  {
    consents: 'To their consents',
    hint: 'The newest version answers, published or not. The conversation is kept on the record of the patient chosen here, so choose one that is for tests and agreed to talk with an assistant.',
    measured: 'See how long each step took',
    notAgreed: '{{name}} has not agreed to talk with an assistant, so none may answer. Choose somebody else, or record the agreement if they gave it to you.',
    patient: 'In whose name',
  },
  {
    consents: 'उनकी सहमतियाँ देखें',
    hint: 'सबसे नया संस्करण उत्तर देता है, चालू हो या नहीं। बातचीत चुने गए मरीज़ के रिकॉर्ड में रहती है, इसलिए परीक्षण वाला मरीज़ चुनें जिसने सहायक से बातचीत के लिए सहमति दी हो।',
    measured: 'देखें हर चरण में कितना समय लगा',
    notAgreed: '{{name}} ने सहायक से बातचीत के लिए सहमति नहीं दी है, इसलिए कोई सहायक उत्तर नहीं दे सकता। किसी और को चुनें, या यदि उन्होंने आपको सहमति दी है तो उसे दर्ज करें।',
    patient: 'किसके नाम से',
  },
)
