"""An organization's accounts at carriers: kept with sealed secrets, opened where a request is signed or checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, IPvAnyNetwork, SecretStr, TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.sealed import Key, Keyring
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, Invalid, NotFound
from auricle.phone.models import Kind, PhoneCarrier, PhoneLine
from auricle.phone.schemas import CarrierChange, CarrierIn

MOST_CARRIERS = 50
URLS = {
    Kind.TWILIO: "https://api.twilio.com",
    Kind.EXOTEL: "https://api.in.exotel.com",
    Kind.PLIVO: "https://api.plivo.com",
}
OWN_HOSTS = {Kind.TWILIO: ".twilio.com", Kind.EXOTEL: ".exotel.com", Kind.PLIVO: ".plivo.com"}
NETWORKS = TypeAdapter(list[IPvAnyNetwork])


class CarrierTaken(Conflict):
    """This account is here already."""

    code = "phone.carrier_taken"


class CarrierInUse(Conflict):
    """Lines use this account; remove them first."""

    code = "phone.carrier_in_use"


class TooManyCarriers(Conflict):
    """The organization has as many carrier accounts as it may have."""

    code = "phone.too_many_carriers"


class SecretMissing(Invalid):
    """This carrier needs more: Exotel an API key, and a webhook user and password or the networks it calls from."""

    code = "phone.secret_missing"


class ForeignHost(Invalid):
    """This is not an address of the carrier's; the operator names others in AURICLE_PHONE__REST_HOSTS."""

    code = "phone.foreign_host"


class Secrets(BaseModel):
    """What is sealed as one document."""

    token: str
    key: str | None = None
    webhook_user: str | None = None
    webhook_password: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A carrier account with its secrets open. Never logged, never stored."""

    kind: Kind
    account_id: str
    url: str
    secrets: Secrets
    networks: Sequence[IPvAnyNetwork]

    @property
    def credentials(self) -> tuple[str, str]:
        """User and password of its REST interface."""
        return self.secrets.key or self.account_id, self.secrets.token


async def create_carrier(
    db: AsyncSession, keyring: Keyring, wanted: CarrierIn, *, rest_hosts: Sequence[str]
) -> PhoneCarrier:
    if len((await db.scalars(select(PhoneCarrier.id).limit(MOST_CARRIERS))).all()) == MOST_CARRIERS:
        raise TooManyCarriers(limit=MOST_CARRIERS)
    secrets = Secrets(**{name: opened(getattr(wanted, name)) for name in Secrets.model_fields})
    check_complete(wanted.kind, secrets, wanted.networks)
    carrier_id = new_id()
    carrier = PhoneCarrier(
        id=carrier_id,
        kind=wanted.kind,
        name=wanted.name,
        account_id=wanted.account_id,
        secrets=sealed(await keyring.organization(db), carrier_id, secrets),
        url=checked_url(wanted.kind, wanted.url, rest_hosts),
        networks=[str(network) for network in wanted.networks],
    )
    db.add(carrier)
    await flush_unique(db, {"uq_phone_carrier_account_id": CarrierTaken()})
    await db.refresh(carrier)
    return carrier


async def change_carrier(
    db: AsyncSession, keyring: Keyring, carrier_id: UUID, wanted: CarrierChange, *, rest_hosts: Sequence[str]
) -> PhoneCarrier:
    carrier = await find_carrier(db, carrier_id, lock=True)
    key = await keyring.organization(db)
    given = {name: text for name in Secrets.model_fields if (text := opened(getattr(wanted, name))) is not None}
    secrets = secrets_of(key, carrier).model_copy(update=given)
    networks = NETWORKS.validate_python(carrier.networks) if wanted.networks is None else wanted.networks
    check_complete(carrier.kind, secrets, networks)
    if given:
        carrier.secrets = sealed(key, carrier.id, secrets)
    carrier.networks = [str(network) for network in networks]
    if wanted.name is not None:
        carrier.name = wanted.name
    if wanted.url is not None:
        carrier.url = checked_url(carrier.kind, wanted.url or None, rest_hosts)
    await db.flush()
    return carrier


async def delete_carrier(db: AsyncSession, carrier_id: UUID) -> None:
    carrier = await find_carrier(db, carrier_id, lock=True)
    if await db.scalar(select(PhoneLine.id).where(PhoneLine.carrier_id == carrier_id).limit(1)):
        raise CarrierInUse
    await db.delete(carrier)


async def find_carrier(db: AsyncSession, carrier_id: UUID, *, lock: bool = False) -> PhoneCarrier:
    carrier = await db.get(PhoneCarrier, carrier_id, with_for_update=lock or None)
    if carrier is None:
        raise NotFound("No such carrier account.")
    return carrier


async def list_carriers(db: AsyncSession, order: Order, *, limit: int) -> Sequence[PhoneCarrier]:
    by = {"name": alphabetical(PhoneCarrier.name)}
    return (await db.scalars(await in_order(db, select(PhoneCarrier), order, PhoneCarrier.id, limit=limit, **by))).all()


def account_of(key: Key, carrier: PhoneCarrier) -> Account:
    """Open an account with the organization's key."""
    return Account(
        kind=carrier.kind,
        account_id=carrier.account_id,
        url=(carrier.url or URLS[carrier.kind]).rstrip("/"),
        secrets=secrets_of(key, carrier),
        networks=NETWORKS.validate_python(carrier.networks),
    )


def secrets_of(key: Key, carrier: PhoneCarrier) -> Secrets:
    return Secrets.model_validate_json(key.open(carrier.secrets, "phone_carrier", "secrets", carrier.id))


def sealed(key: Key, carrier_id: UUID, secrets: Secrets) -> bytes:
    return key.seal(secrets.model_dump_json(), "phone_carrier", "secrets", carrier_id)


def opened(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def check_complete(kind: Kind, secrets: Secrets, networks: Sequence[IPvAnyNetwork]) -> None:
    if kind is Kind.EXOTEL:
        signs_in = bool(secrets.webhook_user and secrets.webhook_password)
        if not secrets.key or not (signs_in or networks):
            raise SecretMissing


def checked_url(kind: Kind, url: str | None, rest_hosts: Sequence[str]) -> str | None:
    """A region's address. It must be the carrier's own, or one that the operator allowed: we send secrets there."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ForeignHost from None
    own = parts.scheme == "https" and host.endswith(OWN_HOSTS[kind]) and port in (None, 443)
    named = parts.scheme in ("http", "https") and parts.netloc in rest_hosts
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
    if not bare or not (own or named):
        raise ForeignHost
    return f"{parts.scheme}://{parts.netloc}"
