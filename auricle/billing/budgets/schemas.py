"""What budgets and spending look like from outside. Money is decimal text."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auricle.billing.budgets.models import Spending
from auricle.billing.budgets.require import Standing


class BudgetIn(BaseModel):
    """What may be spent in a month, by the organization's own calendar."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[Decimal, Field(gt=0, le=1_000_000_000, max_digits=14, decimal_places=2)] = Field(
        examples=["5000.00"]
    )
    currency: Literal["USD", "INR"] = "INR"
    warn_percent: int = Field(80, ge=1, le=100, description="Of the amount, when its administrators are warned.")


class BudgetOut(BaseModel):
    id: UUID
    owner: str = Field(description="Who set it: the `organization` for itself, or the `platform` for it.")
    amount: Decimal
    currency: str
    warn_percent: int
    spent: Decimal = Field(description="This month, in the budget's own currency.")
    state: Literal["open", "warned", "exhausted"] = Field(description="Exhausted: nothing new begins.")
    changed_at: datetime
    changed_by: UUID | None

    @classmethod
    def of(cls, standing: Standing) -> "BudgetOut":
        one = standing.budget
        return cls(
            id=one.id,
            owner=one.owner,
            amount=one.amount,
            currency=one.currency,
            warn_percent=one.warn_percent,
            spent=standing.spent,
            state="exhausted" if standing.is_exhausted else "warned" if standing.is_warned else "open",
            changed_at=one.changed_at,
            changed_by=one.changed_by,
        )


class MonthOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    month: date = Field(description="Its first day.")
    calls: int
    unpriced: int = Field(description="Calls whose cost nobody knows; they are in no sum, and in no budget.")
    cost_usd: Decimal
    cost_inr: Decimal = Field(description="Each call at the exchange rate of its own day.")


class BudgetsOut(BaseModel):
    budgets: list[BudgetOut]
    month: MonthOut

    @classmethod
    def of(cls, standings: list[Standing], month: date, spending: Spending | None) -> "BudgetsOut":
        nothing = MonthOut(month=month, calls=0, unpriced=0, cost_usd=Decimal(0), cost_inr=Decimal(0))
        return cls(
            budgets=[BudgetOut.of(one) for one in standings],
            month=MonthOut.model_validate(spending) if spending else nothing,
        )
