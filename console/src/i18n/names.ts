// Names that the API gives to kinds of things, for people. Tests hold each list against what the API can say
// (`tests/web/test_names_in_the_console.py`); what it does not know stands as the API wrote it.
import { words } from '@/i18n'

type Names = Readonly<Record<string, string>>

/** The hook of one list of names: `const nameOf = useCapabilityName(); nameOf('llm')`. Its `all` are what the list knows. */
export function named<N extends Names>(list: string, en: N, hi: { [K in keyof N]: string }) {
  const useNames = words(list, en, hi)
  const useName = () => {
    const say = useNames()
    return (name: string) => (Object.hasOwn(en, name) ? say(name as Extract<keyof N, string>) : name.replaceAll('_', ' '))
  }
  return Object.assign(useName, { all: Object.keys(en) })
}

/** What a provider is asked for. */
export const useCapabilityName = named(
  'capabilities',
  {
    embedding: 'Search of meaning',
    llm: 'Language model',
    rag: 'Knowledge',
    rerank: 'Ranking of passages',
    stt: 'Speech recognition',
    translation: 'Translation',
    tts: 'Voice',
  },
  {
    embedding: 'अर्थ की खोज',
    llm: 'भाषा मॉडल',
    rag: 'ज्ञान',
    rerank: 'अंशों का क्रम',
    stt: 'बोली की पहचान',
    translation: 'अनुवाद',
    tts: 'आवाज़',
  },
)

/** Why somebody is needed now: the red flags that a patient's words can raise, and the wish for a human being. */
export const useAlarmName = named(
  'alarms',
  {
    anaphylaxis: 'Severe allergic reaction',
    battery_swallowed: 'Battery swallowed',
    breathing_trouble: 'Trouble breathing',
    chest_pain: 'Chest pain',
    hand_over: 'Asks for a person',
    head_injury: 'Head injury',
    loss_of_consciousness: 'Loss of consciousness',
    meningitis_signs: 'Signs of meningitis',
    overdose: 'Overdose or poisoning',
    pregnancy_emergency: 'Emergency in pregnancy',
    seizure: 'Seizure',
    severe_bleeding: 'Severe bleeding',
    stroke: 'Signs of a stroke',
    sudden_hearing_loss: 'Sudden hearing loss',
    sudden_hearing_loss_neuro: 'Sudden hearing loss with signs of the nerves',
    suicidal_intent: 'Thoughts of suicide',
  },
  {
    anaphylaxis: 'गंभीर एलर्जी',
    battery_swallowed: 'बैटरी निगल ली',
    breathing_trouble: 'साँस लेने में तकलीफ़',
    chest_pain: 'सीने में दर्द',
    hand_over: 'किसी व्यक्ति से बात करना चाहते हैं',
    head_injury: 'सिर में चोट',
    loss_of_consciousness: 'बेहोशी',
    meningitis_signs: 'मेनिन्जाइटिस के लक्षण',
    overdose: 'दवा की अधिक मात्रा या ज़हर',
    pregnancy_emergency: 'गर्भावस्था में आपात स्थिति',
    seizure: 'दौरा',
    severe_bleeding: 'बहुत ख़ून बहना',
    stroke: 'लकवे के लक्षण',
    sudden_hearing_loss: 'अचानक सुनना बंद',
    sudden_hearing_loss_neuro: 'अचानक सुनना बंद, साथ में नसों के लक्षण',
    suicidal_intent: 'आत्महत्या के विचार',
  },
)

/** How a conversation is held. */
export const useConsultationTypeName = named(
  'consultationTypes',
  { in_person: 'in person', phone: 'telephone', text: 'in writing', video: 'face to face', voice: 'voice' },
  { in_person: 'आमने-सामने', phone: 'फ़ोन', text: 'लिखकर', video: 'चेहरे के साथ', voice: 'आवाज़' },
)

/** What a statement of a note is held against. */
export const useCheckName = named(
  'checks',
  {
    consistency: 'Fits the rest',
    drug: 'Drug',
    exam: 'Examination',
    experiencer: 'Who has it',
    model: 'Model’s judgement',
    negation: 'Yes or no',
    number: 'Number',
    placeholder: 'Hidden name',
    quote: 'Quotation',
    side: 'Side',
    support: 'Support',
    time: 'Time',
  },
  {
    consistency: 'बाक़ी से मेल',
    drug: 'दवा',
    exam: 'जाँच',
    experiencer: 'किसे है',
    model: 'मॉडल की राय',
    negation: 'है या नहीं',
    number: 'संख्या',
    placeholder: 'छिपाया गया नाम',
    quote: 'उद्धरण',
    side: 'ओर',
    support: 'आधार',
    time: 'समय',
  },
)
