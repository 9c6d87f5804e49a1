"""Signing in to one database of this test file, with everything that stays the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text, update

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.lockout import utc_now
from auricle.identity.models import Account
from auricle.identity.passwords import hash_password
from auricle.identity.presence import Presence
from auricle.identity.sessions import Tokens, refresh_tokens
from auricle.identity.sign_in import log_in
from auricle.settings import Settings
from tests.builders import make_member, make_organization

PASSWORD = "a long pass phrase"
SEEN = Actor.nobody(address="192.0.2.9", user_agent="tests")


@dataclass(frozen=True)
class Desk:
    database: Database
    settings: Settings
    keyring: Keyring


class Door:
    """The desk as somebody at the door sees it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.settings = desk, desk.database, desk.settings
        self.secret = desk.keyring.token_secret
        self.presence = Presence(desk.database, self.secret, fresh_s=0)

    async def log_in(self, login: str, password: str = PASSWORD, organization: str | None = None,
                     seen: Actor = SEEN, clock=utc_now) -> Tokens:  # fmt: skip
        return await log_in(
            self.desk, login=login, password=password, organization=organization, seen=seen, clock=clock
        )

    async def refresh(self, token: str, *, after_s: float = 0, seen: Actor = SEEN) -> Tokens:
        return await refresh_tokens(self.desk, token, seen, datetime.now(UTC) + timedelta(seconds=after_s))

    async def change(self, table: type, row: object, organization_id: UUID | None = None, **values: object) -> None:
        async with self.database.transaction(Actor.system(organization_id)) as db:
            await db.execute(update(table).where(table.id == row).values(**values))

    async def audited(self, organization_id: UUID) -> list[tuple[str, str]]:
        async with self.database.transaction(Actor.system(organization_id)) as db:
            rows = await db.execute(
                text("select action, outcome from audit_entry where entity = 'account' order by id")
            )
            return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
async def door(database, keyring):
    async with database.transaction(SEEN) as db:  # so that nobody below is the first account
        db.add(Account(email="first@example.org", platform_admin=True))
    return Door(Desk(database, Settings(_env_file=None), keyring))


@pytest.fixture(scope="module")
async def hashed():
    return await hash_password(PASSWORD)


@pytest.fixture
async def person(door, hashed):
    """A clinician with a password, and the e-mail to sign in with."""
    actor = await make_member(door.database, await make_organization(door.database), password_hash=hashed)
    async with door.database.transaction(actor) as db:
        return actor, (await db.get_one(Account, actor.account_id)).email
