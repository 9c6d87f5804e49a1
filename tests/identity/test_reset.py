"""A new password: by the present one, or by a link in a mail that a real SMTP server took."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import text

from auricle.actor import Actor
from auricle.identity import mail
from auricle.identity.links import BadLink
from auricle.identity.lockout import ADDRESS, TooManyAttempts, utc_now
from auricle.identity.mail import BadLetter, Letter, MailFailed
from auricle.identity.passwords import WeakPassword
from auricle.identity.reset import (
    LIFETIME,
    MOST_AN_HOUR,
    change_password,
    forget_password,
    mail_reset,
    reset_password,
)
from auricle.identity.second_factor import begin_enrolment, confirm_enrolment
from auricle.identity.sign_in import SecondFactorNeeded, WrongCredentials, WrongPassword
from auricle.identity.tokens import BadToken
from auricle.identity.totp import shown
from auricle.settings import Mail
from tests.builders import number
from tests.identity.conftest import PASSWORD, SEEN
from tests.running_service import free_port

NEW = "umbrella tango 51"


@dataclass
class Mailbox:
    """An SMTP server on a port of its own, and what it was handed."""

    settings: Mail
    letters: list[Any] = field(default_factory=list)
    refuse: bool = False

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        if self.refuse:
            return "451 come back later"
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def secret(self) -> str:
        found = re.search(r"#token=([A-Za-z0-9_-]+)", self.letters[-1].get_content())
        assert found is not None
        return found[1]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    port = free_port()
    box = Mailbox(Mail(host="127.0.0.1", port=port, security="none", sender="Auricle <desk@clinic.example>"))
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box
    server.stop()


async def sent(door, mailbox: Mailbox, account_id) -> None:
    """What the worker does with the job."""
    settings = door.settings.model_copy(update={"mail": mailbox.settings})
    assembly = SimpleNamespace(database=door.database, settings=settings)
    await mail_reset(assembly, Actor.system(None), account_id)


async def test_a_link_by_mail_sets_a_new_password_once(door, person, mailbox):
    actor, email = person
    before = await door.log_in(email)
    await sent(door, mailbox, actor.account_id)
    letter = mailbox.letters[-1]
    assert (letter["to"], letter["from"]) == (email, "Auricle <desk@clinic.example>")
    await reset_password(door.desk, mailbox.secret(), NEW, SEEN)
    with pytest.raises(BadToken):
        await door.presence.actor(before.access)
    with pytest.raises(WrongCredentials):
        await door.log_in(email)
    assert await door.log_in(email, NEW)
    with pytest.raises(BadLink):
        await reset_password(door.desk, mailbox.secret(), "another good phrase", SEEN)
    audited = await door.audited(actor.organization_id)
    assert {("password_reset_requested", "allowed"), ("password_reset", "allowed")} <= set(audited)


async def test_a_weak_password_does_not_use_the_link_up(door, person, mailbox):
    await sent(door, mailbox, person[0].account_id)
    for weak in ("short", "password1234", person[1].replace("@", "") + "1"):
        with pytest.raises(WeakPassword):
            await reset_password(door.desk, mailbox.secret(), weak, SEEN)
    await reset_password(door.desk, mailbox.secret(), NEW, SEEN)


async def test_a_link_expires_and_a_newer_one_ends_it(door, person, mailbox):
    await sent(door, mailbox, person[0].account_id)
    first = mailbox.secret()
    with pytest.raises(BadLink):
        await reset_password(door.desk, first, NEW, SEEN, lambda: utc_now() + LIFETIME)
    await sent(door, mailbox, person[0].account_id)
    with pytest.raises(BadLink):
        await reset_password(door.desk, first, NEW, SEEN)
    await reset_password(door.desk, mailbox.secret(), NEW, SEEN)


async def test_a_reset_opens_a_locked_account(door, person, mailbox):
    for _ in range(6):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            await door.log_in(person[1], "not the pass phrase")
    await sent(door, mailbox, person[0].account_id)
    await reset_password(door.desk, mailbox.secret(), NEW, SEEN)
    assert await door.log_in(person[1], NEW)


async def test_a_factor_of_whoever_registered_the_address_first_does_not_keep_its_owner_out(door, person, mailbox):
    actor, email = person
    for proven in (False, True):
        secret = await begin_enrolment(door.desk, actor, PASSWORD if not proven else NEW)
        await confirm_enrolment(door.desk, actor, pyotp.TOTP(shown(secret)).now())
        await sent(door, mailbox, actor.account_id)
        await reset_password(door.desk, mailbox.secret(), NEW, SEEN)
        if proven:  # now it is the owner's own
            with pytest.raises(SecondFactorNeeded):
                await door.log_in(email, NEW)
        else:
            assert await door.log_in(email, NEW)


async def test_nobody_gets_more_than_a_few_mails_an_hour(door, person, mailbox):
    for _ in range(MOST_AN_HOUR + 3):
        await sent(door, mailbox, person[0].account_id)
    assert len(mailbox.letters) == MOST_AN_HOUR
    await door.change(type(await account(door, person)), person[0].account_id, disabled_at=text("now()"))
    async with door.database.transaction(SEEN) as db:
        await db.execute(text("delete from one_time_link"))
    await sent(door, mailbox, person[0].account_id)
    assert len(mailbox.letters) == MOST_AN_HOUR


async def account(door, person):
    from auricle.identity.models import Account

    async with door.database.transaction(SEEN) as db:
        return await db.get_one(Account, person[0].account_id)


async def test_asking_queues_one_job_that_holds_neither_address_nor_secret(door, person, urls):
    import psycopg

    unknown = f"nobody-{next(number)}@example.org"
    for email in (person[1].upper(), person[1], unknown):
        await forget_password(door.desk, email, SEEN)
    with psycopg.connect(urls.worker) as worker:
        jobs = [
            str(row)
            for row in worker.execute(
                "select args, lock, queueing_lock from jobs.procrastinate_jobs where task_name = 'identity.mail_reset'"
            )
        ]
    assert sum(str(person[0].account_id) in job for job in jobs) == 1
    assert not any("@" in job for job in jobs)


async def test_one_address_asks_only_so_often(door):
    seen = Actor.nobody(address="203.0.113.50")
    for _ in range(ADDRESS.failures):
        await forget_password(door.desk, f"nobody-{next(number)}@example.org", seen)
    with pytest.raises(TooManyAttempts):
        await forget_password(door.desk, "nobody@example.org", seen)


async def test_changing_needs_the_present_password_and_ends_the_other_sign_ins(door, person):
    here, there = await door.log_in(person[1]), await door.log_in(person[1])
    actor = await door.presence.actor(here.access)
    with pytest.raises(WrongPassword):
        await change_password(door.desk, actor, "not the pass phrase", NEW)
    with pytest.raises(WeakPassword):
        await change_password(door.desk, actor, PASSWORD, "password1234")
    await change_password(door.desk, actor, PASSWORD, NEW)
    assert await door.presence.actor(here.access)
    with pytest.raises(BadToken):
        await door.presence.actor(there.access)
    assert ("password_changed", "allowed") in await door.audited(person[0].organization_id)


async def test_a_mail_server_that_refuses_or_is_away_is_told_without_addresses(mailbox):
    letter = Letter("canary@example.org", "Hello", "text")
    mailbox.refuse = True
    away = mailbox.settings.model_copy(update={"port": free_port(), "timeout_s": 2.0})
    wants_login = mailbox.settings.model_copy(update={"user": "canary", "password": SecretStr("canary")})
    for settings in (mailbox.settings, away, wants_login):
        with pytest.raises(MailFailed) as failed:
            await mail.send(settings, letter)
        assert "canary" not in f"{failed.value} {failed.value.context}"


@pytest.mark.parametrize(
    "letter", [Letter("a@b.example\nBcc: all@x.example", "s", "t"), Letter("a@b.example", "s\r\nX: y", "t")]
)
async def test_no_letter_brings_headers_of_its_own(mailbox, letter):
    with pytest.raises(BadLetter):
        await mail.send(mailbox.settings, letter)
    assert mailbox.letters == []


async def test_languages_and_long_lines_arrive_as_written(mailbox):
    body = "नमस्ते आशा,\n" + "x" * 2_000 + "\n.\nend\n"
    await mail.send(mailbox.settings, Letter("asha@example.org", "आमंत्रण", body))
    assert mailbox.letters[0]["subject"] == "आमंत्रण"
    assert mailbox.letters[0].get_content().replace("\r\n", "\n") == body


async def test_without_a_server_the_operator_sees_the_mail_and_the_log_does_not(capsys, caplog):
    caplog.set_level("DEBUG")
    await mail.send(Mail(), Letter("asha@example.org", "Set a new password", "the link"))
    assert "the link" in capsys.readouterr().out
    assert "the link" not in caplog.text
