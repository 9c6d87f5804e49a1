"""What an organization's provider accounts and orders look like from outside. A key goes in and never comes out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from auricle.providers.accounts.models import ProviderAccount
from auricle.providers.accounts.opened import models_of
from auricle.providers.call import Choice
from auricle.providers.catalog import warnings
from auricle.providers.health import Checked
from auricle.providers.ports import Capability
from auricle.providers.registry import vendors

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=500, pattern=r"^https?://\S+$")]
Key = Annotated[SecretStr, StringConstraints(min_length=1, max_length=8_000)]  # a service account is a whole document
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Models = Annotated[
    dict[Capability, ModelName | None],
    Field(description="Model by capability. Unsaid: the vendor's usual one; null: this account does not do it."),
]
Options = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=40)],
        Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f]*$")],
    ],
    Field(max_length=20, description="What only this vendor knows, as a region; `GET /provider-vendors` names them."),
]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2}|default)$")]


class AccountIn(BaseModel):
    """An account at a vendor. Its key is sealed, and shown to nobody again."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="What agents call it. It hides the installation's account of the same name.")
    vendor: Annotated[str, StringConstraints(max_length=40)] = Field(examples=["openai_compatible"])
    url: Url | None = Field(None, description="Where it is, if that is not the vendor's own address.")
    key: Key | None = None
    models: Models = {}
    options: Options = {}
    enabled: bool = True


class AccountChange(BaseModel):
    """What is not said stays. At another address or with other options the key must be given again."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = Field(None, description="Null: the vendor's own address.")
    key: Key | None = None
    models: Models | None = None
    options: Options | None = None
    enabled: bool | None = None


class CheckOut(BaseModel):
    capability: str
    ok: bool
    duration_ms: float
    error_code: str | None

    @classmethod
    def of(cls, one: Checked) -> Self:
        return cls(capability=one.capability, ok=one.ok, duration_ms=round(one.duration_ms, 1), error_code=one.error)


class AccountOut(BaseModel):
    id: UUID
    name: str
    vendor: str
    url: str | None
    fingerprint: str | None = Field(description="Tells keys apart; null: there is no key.")
    models: dict[str, str] = Field(description="By capability, with the vendor's usual ones where none is set.")
    switched_off: list[str] = Field(description="Capabilities that this account does not do, though its vendor does.")
    options: dict[str, str]
    enabled: bool
    warnings: dict[str, str] = Field(description="Model → what to know about it.")
    checks: list[CheckOut] = Field(description="Of this request, where the account was tried.")
    created_at: datetime
    created_by: UUID | None
    changed_at: datetime
    changed_by: UUID | None

    @classmethod
    def of(cls, row: ProviderAccount, checks: Sequence[Checked] = ()) -> Self:
        vendor = vendors().get(row.vendor)
        models = models_of(row.models, vendor.models if vendor else {})
        catalogued = dict.fromkeys(models.values(), None if row.vendor == "openai_compatible" else row.vendor)
        return cls(
            **{
                name: getattr(row, name)
                for name in cls.model_fields
                if name not in ("models", "warnings", "checks", "switched_off")
            },
            models={str(c): m for c, m in models.items()},
            switched_off=sorted(c for c, m in row.models.items() if m is None),
            warnings=warnings(catalogued, datetime.now().astimezone().date()),
            checks=[CheckOut.of(one) for one in checks],
        )


class ChoiceIO(BaseModel):
    """One entry of an order. What is not said is the account's own."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    provider: Name
    model: ModelName | None = None
    voice: Annotated[str, StringConstraints(max_length=120)] | None = None
    settings: Annotated[dict[str, Any], Field(max_length=30)] = {}

    @property
    def choice(self) -> Choice:
        return Choice(self.provider, self.model, self.voice, self.settings)


Orders = Annotated[
    dict[Capability, dict[Language, Annotated[list[ChoiceIO], Field(min_length=1, max_length=8)]]],
    Field(description="Capability → language (ISO 639-1), or `default` for any other → who is asked, first to last."),
]


class OrdersIn(BaseModel):
    """Replaces the whole order. A capability that is not said is asked in the installation's order."""

    model_config = ConfigDict(extra="forbid")

    orders: Orders

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if any(len(languages) > 40 for languages in self.orders.values()):
            raise ValueError("too many languages")
        return self


class OrdersOut(BaseModel):
    orders: Mapping[str, Mapping[str, Sequence[ChoiceIO]]] = Field(description="The organization's own.")
    in_force: Mapping[str, Mapping[str, Sequence[ChoiceIO]]] = Field(
        description="What calls go by where an agent says nothing: the organization's, else the installation's."
    )
    warnings: dict[str, str] = Field({}, description="By place. Nothing of it keeps calls from being made.")
    version: int = Field(description="Send it as `If-Match` with the next order. 0: never set.")
    changed_at: datetime | None
    changed_by: UUID | None
