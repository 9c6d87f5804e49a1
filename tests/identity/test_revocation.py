"""Who loses a sign-in, a role or an account loses it in every process, at once where word comes, else soon."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text, update

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.identity.models import Account, CustomRole, Member, Organization
from auricle.identity.presence import Presence
from auricle.identity.revocation import CHANNEL, Standing
from auricle.identity.sessions import revoke, revoke_all
from auricle.identity.tokens import BadToken
from auricle.live.fanout import Fanout
from tests.builders import make_member, make_organization


class Process:
    """What another process of the installation has: its own cache, its own ears."""

    def __init__(self, urls, secret: bytes, *, fresh_s: float = 1.0, check_s: float = 2.0) -> None:
        self.database = Database(urls.app, pool_size=2)
        self.presence = Presence(self.database, secret, fresh_s=fresh_s)
        self.standing = Standing(self.database, self.presence, check_s=check_s)

    @asynccontextmanager
    async def running(self, urls, *, hearing: bool):
        stop = asyncio.Event()
        task = asyncio.create_task(self.standing.run(stop))
        try:
            if hearing:
                async with Fanout(urls.app, also={CHANNEL: self.standing.heard}) as fanout:
                    async with asyncio.timeout(10):
                        while not fanout.connected:
                            await asyncio.sleep(0.01)
                    yield self
            else:
                yield self
        finally:
            stop.set()
            await task
            await self.database.close()


async def until_refused(process: Process, token: str) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await process.presence.actor(token)
            except BadToken:
                return
            await asyncio.sleep(0.01)


async def disable_account(door, actor, tokens):
    await door.change(Account, actor.account_id, disabled_at=text("now()"))


async def suspend_member(door, actor, tokens):
    await door.change(Member, actor.member_id, actor.organization_id, status="suspended")


async def suspend_organization(door, actor, tokens):
    await door.change(Organization, actor.organization_id, status="suspended")


async def end_session(door, actor, tokens):
    async with door.database.transaction(actor) as db:
        await revoke(db, tokens.claims.session_id, "signed out")


async def end_all_sessions(door, actor, tokens):
    async with door.database.transaction(actor) as db:
        await revoke_all(db, actor.account_id, "password reset")


ENDINGS = [disable_account, suspend_member, suspend_organization, end_session, end_all_sessions]


@pytest.mark.parametrize("end", ENDINGS)
async def test_word_of_it_reaches_a_process_that_would_have_remembered_for_an_hour(door, person, urls, end):
    tokens = await door.log_in(person[1])
    async with Process(urls, door.secret, fresh_s=3600, check_s=3600).running(urls, hearing=True) as process:
        await process.presence.actor(tokens.access)
        over = asyncio.Event()
        async with process.standing.watching(await process.presence.actor(tokens.access), over.set):
            await end(door, person[0], tokens)
            await until_refused(process, tokens.access)
            assert await asyncio.wait_for(over.wait(), 10)


@pytest.mark.parametrize("end", ENDINGS)
async def test_without_word_the_check_finds_it(door, person, urls, end):
    tokens = await door.log_in(person[1])
    async with Process(urls, door.secret, check_s=0.1).running(urls, hearing=False) as process:
        over = asyncio.Event()
        async with process.standing.watching(await process.presence.actor(tokens.access), over.set):
            await asyncio.sleep(0.5)
            assert not over.is_set()
            await end(door, person[0], tokens)
            async with asyncio.timeout(10):
                await over.wait()


async def test_a_lost_permission_ends_a_live_connection_and_a_new_name_does_not(door, person, urls):
    actor, email = person
    tokens = await door.log_in(email)
    async with Process(urls, door.secret, check_s=0.1).running(urls, hearing=False) as process:
        over = asyncio.Event()
        async with process.standing.watching(await process.presence.actor(tokens.access), over.set):
            await door.change(Member, actor.member_id, actor.organization_id, given_name="Another")
            await asyncio.sleep(0.5)
            assert not over.is_set()
            await door.change(Member, actor.member_id, actor.organization_id, role="staff")
            async with asyncio.timeout(10):
                await over.wait()


async def test_a_custom_role_that_shrinks_ends_what_it_no_longer_allows(door, urls, hashed):
    actor = await make_member(door.database, await make_organization(door.database), "staff", password_hash=hashed)
    async with door.database.transaction(Actor.system(actor.organization_id)) as db:
        role = CustomRole(name="Desk", base="staff", permissions=["consultations:join", "patients:read"])
        db.add(role)
        await db.flush()
        await db.execute(update(Member).where(Member.id == actor.member_id).values(role_id=role.id))
        email = (await db.get_one(Account, actor.account_id)).email
    tokens = await door.log_in(email)
    async with Process(urls, door.secret, check_s=0.1).running(urls, hearing=False) as process:
        over = asyncio.Event()
        async with process.standing.watching(await process.presence.actor(tokens.access), over.set):
            await asyncio.sleep(0.3)
            assert not over.is_set()
            await door.change(CustomRole, role.id, actor.organization_id, permissions=["patients:read"])
            async with asyncio.timeout(10):
                await over.wait()


async def test_only_whose_sign_in_it_was_are_ended_and_each_once(door, person, urls):
    here, there = await door.log_in(person[1]), await door.log_in(person[1])
    ended: list[str] = []
    async with Process(urls, door.secret, check_s=0.1).running(urls, hearing=False) as process:
        mine, others = await process.presence.actor(here.access), await process.presence.actor(there.access)
        async with (
            process.standing.watching(mine, lambda: ended.append("mine")),
            process.standing.watching(mine, lambda: ended.append("mine too")),
            process.standing.watching(others, lambda: ended.append("another")),
        ):
            await end_session(door, person[0], here)
            await asyncio.sleep(1)
            assert sorted(ended) == ["mine", "mine too"]


async def test_a_database_that_is_away_ends_no_conversation(door, person):
    tokens = await door.log_in(person[1])
    nowhere = Database("postgresql://nobody:x@127.0.0.1:9/none")
    standing = Standing(nowhere, Presence(nowhere, door.secret), check_s=0.05)
    over, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(standing.run(stop))
    async with standing.watching(await door.presence.actor(tokens.access), over.set):
        await asyncio.sleep(0.6)
        assert not over.is_set() and not task.done()
    stop.set()
    await task
    await nowhere.close()


@pytest.mark.parametrize("payload", ["", "session:", "session:x", "account:' or 1=1", "organization", ":" * 1000])
async def test_words_that_are_not_ours_are_ignored(door, person, payload):
    tokens = await door.log_in(person[1])
    presence = Presence(door.database, door.secret, fresh_s=60)
    Standing(door.database, presence).heard(payload)
    assert await presence.actor(tokens.access)


async def test_what_was_read_before_word_came_is_not_remembered_after_it(door, person):
    tokens = await door.log_in(person[1])
    presence = Presence(door.database, door.secret, fresh_s=3600)
    real = presence.look_up

    async def overtaken(claims):
        actor = await real(claims)
        presence.forget_all_of(claims.account_id)
        return actor

    presence.look_up = overtaken
    await presence.actor(tokens.access)
    presence.look_up = real
    await door.change(Account, person[0].account_id, disabled_at=text("now()"))
    with pytest.raises(BadToken):
        await presence.actor(tokens.access)


async def test_a_process_that_heard_nothing_refuses_after_a_second(door, person, urls):
    tokens = await door.log_in(person[1])
    deaf = Process(urls, door.secret, check_s=3600)
    await deaf.presence.actor(tokens.access)
    await end_session(door, person[0], tokens)
    await asyncio.sleep(1)
    with pytest.raises(BadToken):
        await deaf.presence.actor(tokens.access)
    await deaf.database.close()
