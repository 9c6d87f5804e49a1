import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getBudgetsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { removeBudget, setBudget } from '@/api/generated/sdk.gen'
import { useSession } from '@/session/session'
import { BudgetPanel } from './budget-panel'

export function Budgets() {
  const { may } = useSession()
  const cache = useQueryClient()
  const again = () => cache.invalidateQueries({ queryKey: getBudgetsOptions().queryKey })
  return (
    <BudgetPanel
      query={useQuery(getBudgetsOptions())}
      mine={may('budgets:write') ? 'organization' : null}
      set={(body) => setBudget({ body, throwOnError: true }).then(again)}
      remove={() => removeBudget({ throwOnError: true }).then(again)}
    />
  )
}
