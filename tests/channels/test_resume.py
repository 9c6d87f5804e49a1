"""A browser that loses its socket comes back to the same session: nothing told is lost, nothing is told twice."""

import asyncio
import random

import pytest
from sqlalchemy import text
from websockets.exceptions import ConnectionClosed

from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.channels.talking import eventually
from tests.emulators.openai_chat import OpenAIEmulator
from tests.running_service import free_port, served

QUESTION = "Where do I sit when I come in"
LONG = ["Please bring your old hearing aid.", " Then take a seat in the hall.", " We call you by your name."]


async def test_messages_but_audio_rise_by_one(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    assert (app.session["seq"], app.session["resumed"], app.session["replay"]) == (0, False, None)
    await app.ask(QUESTION)
    await app.until("metrics")
    await app.hang_up()
    assert app.numbers() == list(range(1, len(app.seen) + 1))
    assert (app.seen[-1]["type"], app.seen[-1]["reason"]) == ("session_ended", "client")


async def test_what_was_told_while_the_socket_was_away_comes_first(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.words = LONG
    app = await (await App.of(clinic)).open()
    first = app.token
    await app.ask(QUESTION)
    await app.until("ai_response")
    app.drop()
    await asyncio.sleep(0.3)
    await app.back()
    assert (app.session["resumed"], app.session["replay"], app.session["texts_received"]) == (True, "messages", 1)
    assert app.token != first
    answer = await app.until("ai_response", is_final=True)
    assert answer["text"] == "".join(LONG)
    assert app.numbers() == list(range(1, len(app.seen) + 1))
    await app.hang_up()
    kept = await clinic.transcript(app.consultation_id)
    assert [m["text"] for m in kept] == [QUESTION, "".join(LONG)]


async def test_the_agent_waits_for_the_listener_and_goes_on_where_they_were(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.words = LONG
    app = await (await App.of(clinic)).open()
    await app.ask(QUESTION)
    await app.until("ai_response", is_final=True)
    heard = app.missed_audio
    app.drop()
    await asyncio.sleep(2)  # longer than what is left of the answer would have to go on unheard
    await app.back()
    await app.until("metrics")  # told when the answer was played to its end
    assert app.missed_audio > heard
    await app.hang_up()
    assert not (await clinic.transcript(app.consultation_id))[1]["interrupted"]


@pytest.mark.parametrize("apps_dropped", [2, pytest.param(8, marks=pytest.mark.slow)])  # 200 drops at the most
async def test_drops_at_random_lose_and_double_nothing(clinic: Clinic, apps_dropped: int) -> None:
    apps = [await (await App.of(clinic)).open() for _ in range(apps_dropped)]
    await asyncio.gather(*(dropped_at_random(app, random.Random(seed), drops=25) for seed, app in enumerate(apps)))
    for app in apps:
        assert app.numbers() == list(range(1, len(app.seen) + 1))
        kept = await clinic.transcript(app.consultation_id)
        assert [m["text"] for m in kept if m["sender"] == "patient"] == app.asked
        answers = [m["text"] for m in kept if m["sender"] == "assistant" and not m["interrupted"]]
        assert app.answers()[-1] == answers[-1]
        assert set(answers) <= set(app.answers())


async def dropped_at_random(app: App, dice: random.Random, *, drops: int) -> None:
    for number in range(drops):
        await app.ask(f"{QUESTION}, for the time numbered {number}")
        try:
            async with asyncio.timeout(dice.uniform(0, 0.25)):
                while True:
                    await app.next()
        except TimeoutError:
            pass
        match dice.randrange(3):
            case 0:
                app.drop()
            case 1:  # the answer with the new token is lost, too
                app.drop()
                told, _ = await app.knock()
                assert told["type"] == "session"
            case 2:  # half open: the server has not noticed
                pass
        await app.back()
        await app.ask_again_what_was_lost()
    while sum(m["type"] == "metrics" for m in app.seen) < len(app.asked):  # one a turn, however it ended
        await app.next()
    await app.hang_up()


async def test_of_two_sockets_the_newer_wins(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    older = app.socket
    await app.back()
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(5):
            while True:
                await older.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4409
    await app.ask(QUESTION)
    assert await app.until("ai_response", is_final=True)
    await app.hang_up()


async def test_two_that_come_back_with_one_token_at_once_leave_one(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    app.drop()
    twin = App(clinic, app.consultation_id, token=app.token, last_seq=app.last_seq)
    await asyncio.gather(app.back(), twin.back(), return_exceptions=True)
    open_ones = []
    for one in (app, twin):
        await one.ask(QUESTION)
        try:
            await one.until("ai_response", is_final=True)
            open_ones.append(one)
        except (ConnectionClosed, AssertionError):
            pass
    assert len(open_ones) == 1
    await open_ones[0].hang_up()


@pytest.mark.parametrize("token", ["x", "00000000000000000000000000000000.abc", "y" * 199])
async def test_a_wrong_token_resumes_nothing(clinic: Clinic, token: str) -> None:
    app = await (await App.of(clinic)).open()
    told, code = await app.knock(token)
    assert (told["error_code"], code) == ("session.resume_refused", 4401)
    await app.hang_up()


async def test_a_used_token_resumes_nothing_once_the_next_has_arrived(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    used = app.token
    app.drop()
    await app.back()
    await app.ask(QUESTION)  # whoever talks has the new one
    await app.until("ai_response")
    told, code = await app.knock(used)
    assert (told["error_code"], code) == ("session.resume_refused", 4401)
    assert await app.until("ai_response", is_final=True)  # and the session goes on undisturbed
    await app.hang_up()


async def test_a_token_is_good_for_its_own_consultation_only(clinic: Clinic) -> None:
    mine, other = await (await App.of(clinic)).open(), await (await App.of(clinic)).open()
    told, _ = await mine.knock(other.token)
    assert told["error_code"] == "session.resume_refused"
    await mine.hang_up()
    await other.hang_up()


async def test_a_session_that_ended_is_not_resumed(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    await app.hang_up()
    told, code = await app.knock()
    assert (told["error_code"], code) == ("session.resume_refused", 4401)


async def test_a_number_that_was_never_given_brings_the_record(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    await app.ask(QUESTION)
    await app.until("metrics")
    app.drop()
    app.last_seq, app.seen = 7_000, []
    await app.back()
    assert (app.session["resumed"], app.session["replay"]) == (True, "record")
    await app.until("ai_response", stored=True)
    assert [(m["type"], m["text"]) for m in app.seen] == [
        ("transcript", QUESTION),
        ("ai_response", "Please take a seat."),
    ]
    await app.hang_up()


async def test_a_session_of_a_process_that_is_gone_goes_on_from_its_record(clinic: Clinic) -> None:
    """As after a crash: the row says that it lives, and no process holds it."""
    app = await (await App.of(clinic)).open()
    await app.ask(QUESTION)
    await app.until("metrics")
    await app.hang_up()
    token = app.token
    await bring_back(clinic, app, token)
    await app.connect(resume=token, last_seq=app.last_seq)
    assert (app.session["resumed"], app.session["replay"]) == (True, "record")
    app.seen = []
    await app.until("ai_response", stored=True)
    await app.ask("And where then")
    await app.until("ai_response", is_final=True, stored=None)
    assert not [m for m in app.seen if m["text"].startswith("Hello")]
    await app.hang_up()


async def bring_back(clinic: Clinic, app: App, token: str) -> None:
    """Leave the database as a killed process would: the session open, its token known."""
    from auricle.identity.tokens import hash_of

    async with clinic.service.database.transaction(clinic.system) as db:
        session_id = app.session["session_id"]
        await db.execute(text("update consultation_session set ended_at = null where id = :id"), {"id": session_id})
        await db.execute(
            text(
                "insert into session_resume (id, session_id, consultation_id, member_id, sign_in_id, hash) "
                "select gen_random_uuid(), :id, :consultation, m.id, s.id, :hash from member m "
                "join auth_session s on s.account_id = m.account_id "
                "join patient p on p.account_id = m.account_id limit 1"
            ),
            {"id": session_id, "consultation": app.consultation_id, "hash": hash_of(token.split(".")[1])},
        )


async def test_a_token_is_good_at_another_process_too(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    app = await (await App.of(clinic)).open()
    await app.ask(QUESTION)
    await app.until("metrics")  # the answer was played: what is not heard is not on record
    older, first = app.socket, app.session["session_id"]
    settings = clinic.service.settings.model_copy(update={"port": free_port()})
    with served(settings):
        app.url = settings.base_url.replace("http", "ws", 1) + "/ws/assistant"
        app.seen = []
        await app.back()
        assert (app.session["replay"], app.session["session_id"] != first) == ("record", True)
        await app.until("ai_response", stored=True)
        assert [m["text"] for m in app.seen] == [QUESTION, "Please take a seat."]
        with pytest.raises(ConnectionClosed) as closed:  # the first process has given it up
            async with asyncio.timeout(10):
                while True:
                    await older.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4409
        await app.ask("And where then")
        await app.until("ai_response", is_final=True, stored=None)
        await app.hang_up()
    assert QUESTION in str(emulated.requests[-1]["body"]["messages"])


async def test_a_token_dies_with_its_sign_in(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    app.drop()
    async with clinic.client() as http:
        (await http.post("/api/v1/auth/logout")).raise_for_status()
    await asyncio.sleep(0.5)
    told, code = await app.knock()
    assert (told["error_code"], code) == ("session.resume_refused", 4401)


async def test_a_flood_of_reconnects_is_refused_and_hurts_nobody(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    refused = 0
    for _ in range(60):
        told, code = await app.knock()
        if told["type"] == "session":
            app.token = told["resume"]
        else:
            assert (told["error_code"], code) == ("session.resume_flood", 4429)
            refused += 1
    assert refused
    await asyncio.sleep(1)
    await app.back()
    await app.ask(QUESTION)
    assert await app.until("ai_response", is_final=True)
    await app.hang_up()


async def test_who_stays_away_too_long_finds_the_session_ended(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    await app.ask(QUESTION)
    await app.until("ai_response", is_final=True)
    app.drop()
    kept = await eventually(lambda: clinic.transcript(app.consultation_id), lambda k: len(k) >= 2)
    assert len(kept) == 2
    told, code = await app.knock()
    assert (told["error_code"], code) == ("session.resume_refused", 4401)
