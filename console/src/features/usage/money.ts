// Sums and prices. The API tells money as decimal text; it is shown, never reckoned with.
import { useTime } from '@/ui/time'

export type Currency = 'USD' | 'INR'

const FEWEST = 2
const SUM_DIGITS = 4
const PRICE_DIGITS = 9

export function useMoney() {
  const time = useTime()
  const shown = (value: string, currency: string, digits: number) =>
    time.number(Number(value), { style: 'currency', currency, minimumFractionDigits: FEWEST, maximumFractionDigits: digits })
  return {
    usd: (value: string) => shown(value, 'USD', SUM_DIGITS),
    inr: (value: string) => shown(value, 'INR', SUM_DIGITS),
    /** A price or one call's cost, which may be a millionth. */
    price: (value: string, currency: string) => shown(value, currency, PRICE_DIGITS),
    whole: (value: string, currency: string) => shown(value, currency, FEWEST),
  }
}
