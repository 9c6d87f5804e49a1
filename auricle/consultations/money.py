"""Whether something new may begin, as far as money goes. What runs already is never asked."""

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.billing.budgets.require import BudgetExhausted, is_exhausted
from auricle.consultations.lifecycle import agent_of
from auricle.consultations.models import Consultation, ConsultationType

# The others are opened all the same: a typed emergency is answered without money, and in a room people need no agent.
SPOKEN = frozenset({ConsultationType.VOICE, ConsultationType.VIDEO, ConsultationType.PHONE})


async def require_money(db: AsyncSession, consultation: Consultation) -> None:
    """Raises `BudgetExhausted`, which tells where help is in an emergency: a refused patient may be in one."""
    if await is_exhausted(db):
        config = (await agent_of(db, consultation)).config
        raise BudgetExhausted(emergency_number=config.emergency_number, helpline=config.helpline)
