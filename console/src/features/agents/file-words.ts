import { words } from '@/i18n'

export const useFileWords = words(
  'agent-files',
  {
    archive: 'Take out of use',
    archived: '{{name}} is out of use.',
    archiveNow: 'Take {{name}} out of use',
    archiveWhat: 'It answers nobody from now on, and this can’t be taken back here. What was said with it stays. To have it again, save the whole file first and bring it in later.',
    checked: 'Nothing is in the way of saving this.',
    export: 'Whole file',
    file: 'File',
    fileHint: 'A YAML file, as saved from an agent here or elsewhere. It is checked first; where it is refused, nothing is added.',
    import: 'Bring in from a file',
    imported: '{{name}} is here.',
    mended: 'To be mended before it can be saved',
  },
  {
    archive: 'उपयोग से हटाएँ',
    archived: '{{name}} अब उपयोग में नहीं।',
    archiveNow: '{{name}} को उपयोग से हटाएँ',
    archiveWhat: 'अब से यह किसी को उत्तर नहीं देगा, और यहाँ इसे वापस नहीं लिया जा सकता। इसके साथ हुई बातचीत बनी रहती है। फिर चाहिए तो पहले पूरी फ़ाइल सहेजें और बाद में उसे लाएँ।',
    checked: 'सहेजने में कोई बाधा नहीं।',
    export: 'पूरी फ़ाइल',
    file: 'फ़ाइल',
    fileHint: 'YAML फ़ाइल, जैसी यहाँ या कहीं और एजेंट से सहेजी गई। पहले वह जाँची जाती है; अस्वीकार होने पर कुछ नहीं जुड़ता।',
    import: 'फ़ाइल से लाएँ',
    imported: '{{name}} आ गया।',
    mended: 'सहेजने से पहले सुधारें',
  },
)
