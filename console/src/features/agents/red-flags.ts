/** The categories of red flags that the safety rules know (`auricle/safety/phrases`), by the alphabet. */
export const FLAGS = [
  'anaphylaxis', 'battery_swallowed', 'breathing_trouble', 'chest_pain', 'head_injury', 'loss_of_consciousness', 'meningitis_signs',
  'overdose', 'pregnancy_emergency', 'seizure', 'severe_bleeding', 'stroke', 'sudden_hearing_loss', 'sudden_hearing_loss_neuro',
  'suicidal_intent',
] as const
