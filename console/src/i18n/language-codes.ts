/** The names of languages in one of them: `namesIn('hi')('en')` is “अंग्रेज़ी”. What is no language's code stands as it is. */
export function namesIn(reader: string): (code: string) => string {
  const names = new Intl.DisplayNames([reader], { type: 'language' })
  return (code) => {
    try {
      return names.of(code) ?? code
    } catch {
      return code // not the form of a code: RangeError
    }
  }
}
