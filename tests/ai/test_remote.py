"""What can go wrong on the way to the AI service, and what its callers get then."""

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr, ValidationError

from auricle.ai import place as places
from auricle.ai.badge import check_badge
from auricle.ai.local import UnknownTemplate
from auricle.ai.port import AIUnavailable, Busy
from auricle.ai.remote import RemoteAI
from auricle.doctor import clinical_ai
from auricle.errors import AuricleError
from auricle.settings import AI
from tests.ai.conversations import talk
from tests.running_service import free_port

SAID = talk("p: i take ibuprofen")
SECRET = "known to both, and to nobody else"
OK = (200, b"[]", {})
BUSY = (503, b'{"error_code": "ai.busy", "message": "Busy.", "context": {"retry_after_s": "0.05"}}', {})
HANG, DROP, CUT = "hang", "drop", "cut"


class Server:
    """Speaks as much HTTP as is needed, and does what it is told to, one thing a request; then `usually`."""

    def __init__(self, *script, usually=OK, lives=True):
        self.script, self.usually, self.lives = deque(script), usually, lives
        self.asked: list[str] = []
        self.badges: list[str] = []
        self.most = self._inside = 0

    async def __call__(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
                await reader.readexactly(int(headers.get("content-length", 0)))
                if "/health" in lines[0]:
                    if not self.lives:
                        await asyncio.sleep(60)
                    await self.answer(writer, (200, b"{}", {}))
                    continue
                self.asked.append(lines[0].split()[1])
                self.badges.append(head.decode().partition("uthorization: Bearer ")[2].partition("\r\n")[0])
                self._inside += 1
                self.most = max(self.most, self._inside)
                try:
                    await self.answer(writer, self.script.popleft() if self.script else self.usually)
                finally:
                    self._inside -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer, what):
        if what == HANG:
            await asyncio.sleep(60)
        if what == DROP:
            raise ConnectionResetError
        status, body, headers = OK if what == CUT else what
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = 1_000 if what == CUT else len(body)
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{more}\r\n".encode() + body)
        await writer.drain()
        if what == CUT:
            raise ConnectionResetError


@asynccontextmanager
async def listening(server, port=0):
    running = []

    async def serve(reader, writer):
        running.append(asyncio.current_task())
        await server(reader, writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def asking(*ports, **given):
    url = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    ai = RemoteAI(AI(**{"url": url, "look_s": 0.1, **given}))
    try:
        yield ai
    finally:
        await ai.aclose()


@asynccontextmanager
async def asked_of(server, **given):
    async with listening(server) as port, asking(port, **given) as ai:
        yield ai


async def refused(ai) -> AIUnavailable:
    with pytest.raises(AIUnavailable) as error:
        await ai.entities(SAID)
    return error.value


@pytest.mark.parametrize(
    "fault", [DROP, CUT, (502, b"<html>", {}), (500, b"", {}), (200, b'{"not": "ours"}', {}), BUSY]
)
async def test_what_passes_is_asked_again_and_nobody_notices(fault):
    server = Server(fault)
    async with asked_of(server) as ai:
        assert await ai.entities(SAID) == []
    assert server.asked == ["/ner/entities"] * 2


async def test_what_does_not_pass_is_given_up_with_one_code_and_its_reason():
    server = Server(usually=DROP)
    async with asked_of(server, attempts=3) as ai:
        error = await refused(ai)
    assert (error.status, error.code, error.context["reason"]) == (503, "ai.unavailable", "ai.lost")
    assert float(error.context["retry_after_s"]) >= 1 and len(server.asked) == 3


async def test_a_service_that_is_not_there_opens_the_breaker_and_then_nobody_waits_for_it():
    async with asking(free_port()) as ai:
        await refused(ai)
        assert ai.state() == "open"
        began = time.perf_counter()
        error = await refused(ai)
        assert time.perf_counter() - began < 0.1 and error.context["reason"] == "ai.lost"


async def test_a_service_that_takes_connections_and_says_nothing_is_found_out_long_before_the_time_is_over(monkeypatch):
    monkeypatch.setattr("auricle.ai.remote.LIVES_S", 0.1)
    server = Server(usually=HANG, lives=False)
    async with asked_of(server, timeout_s=60, attempts=1) as ai:
        async with asyncio.timeout(20):
            error = await refused(ai)
    assert error.context["reason"] == "ai.silent"


async def test_a_service_that_falls_silent_after_much_good_work_is_left_alone_after_three_in_a_row(monkeypatch):
    monkeypatch.setattr("auricle.ai.remote.LIVES_S", 0.1)
    server = Server()
    async with asked_of(server, timeout_s=60) as ai:
        for _ in range(30):
            await ai.entities(SAID)
        server.usually, server.lives = HANG, False
        for expected in ("ok", "ok", "open"):
            await refused(ai)
            assert ai.state() == expected
    assert len(server.asked) == 33, "it was asked again although it kept us waiting for nothing"


async def test_a_service_that_works_long_and_says_that_it_lives_is_waited_for():
    class Long(Server):
        async def answer(self, writer, what):
            if self.asked:
                await asyncio.sleep(0.5)
            await super().answer(writer, what)

    async with asked_of(Long(), attempts=1) as ai:
        assert await ai.entities(SAID) == []


async def test_the_whole_is_bounded_whatever_is_repeated():
    server = Server(usually=HANG)
    async with asked_of(server, timeout_s=1) as ai:
        async with asyncio.timeout(20):
            error = await refused(ai)
    assert error.context["reason"] == "ai.silent"


async def test_of_several_that_one_is_gone_costs_nobody_an_answer():
    servers = [Server(), Server()]
    async with (
        listening(servers[0]) as first,
        listening(servers[1]) as second,
        asking(free_port(), first, second) as ai,
    ):
        for _ in range(12):
            assert await ai.entities(SAID) == []
        assert ai.state() == "degraded, 2 of 3 answer"
    assert sum(len(s.asked) for s in servers) == 12 and min(len(s.asked) for s in servers) >= 4


async def test_a_half_open_breaker_lets_one_call_through_and_closes_on_its_answer():
    now = 1_000.0
    port = free_port()
    ai = RemoteAI(AI(url=f"http://127.0.0.1:{port}"), now=lambda: now)
    await refused(ai)
    assert ai.state() == "open"
    server = Server()
    async with listening(server, port):
        await refused(ai)
        assert not server.asked, "asked before its time"
        now += places.FIRST_OPEN_S
        assert ai.state() == "half_open"
        answers = await asyncio.gather(*(ai.entities(SAID) for _ in range(20)), return_exceptions=True)
        assert answers.count([]) == 1 and sum(isinstance(a, AIUnavailable) for a in answers) == 19
        assert len(server.asked) == 1 and ai.state() == "ok"
        assert await ai.entities(SAID) == []
    await ai.aclose()


async def test_a_probe_that_fails_waits_longer_each_time_but_not_for_ever():
    now = 1_000.0
    ai = RemoteAI(AI(url=f"http://127.0.0.1:{free_port()}", attempts=1), now=lambda: now)
    pauses = []
    for _ in range(3):
        await refused(ai)
    for _ in range(6):
        breaker = ai._places[0].breaker
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        await refused(ai)
    assert pauses == [4, 8, 16, 30, 30, 30]
    await ai.aclose()


async def test_a_full_service_is_left_alone_as_long_as_it_said_and_is_not_taken_for_broken():
    server = Server(*[BUSY] * 5)
    async with asked_of(server, attempts=1) as ai:
        with pytest.raises(Busy):
            await ai.entities(SAID)
        with pytest.raises(Busy):
            await ai.entities(SAID)
        assert len(server.asked) == 1 and ai.state() == "ok"


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_of_ourselves_is_no_outage_and_is_not_repeated(status):
    server = Server(usually=(status, b"{}", {}))
    async with asked_of(server) as ai:
        error = await refused(ai)
        assert ai.state() == "ok"
    assert error.context["reason"] == "ai.refused" and len(server.asked) == 1


async def test_the_services_own_errors_come_as_their_types_and_what_it_wrote_in_prose_does_not():
    typed = (422, b'{"error_code": "ai.unknown_template", "message": "No.", "context": {"known": "soap"}}', {})
    strange = (418, b'{"error_code": "teapot", "message": "Asha Rao"}', {})
    async with asked_of(Server(typed, strange)) as ai:
        with pytest.raises(UnknownTemplate):
            await ai.write(SAID, [])
        error = await refused(ai)
    assert "Asha" not in str(error) + str(error.context) + repr(error.__cause__) + repr(error.__context__)


async def test_each_request_shows_a_badge_that_the_secret_made():
    server = Server()
    async with asked_of(server, secret=SecretStr(SECRET)) as ai:
        await ai.entities(SAID)
    check_badge(SecretStr(SECRET), server.badges[0])
    assert SECRET not in server.badges[0]


async def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr("auricle.ai.remote.MAX_ANSWER_BYTES", 1_000)
    async with asked_of(Server(usually=(200, b" " * 100_000 + b"[]", {})), attempts=1) as ai:
        assert (await refused(ai)).context["reason"] == "ai.unreadable_answer"


async def test_who_gives_up_leaves_nothing_running_and_harms_no_breaker():
    server = Server(usually=HANG)
    async with asked_of(server, attempts=1) as ai:
        before = asyncio.all_tasks()
        for _ in range(5):
            call = asyncio.create_task(ai.entities(SAID))
            while len(server.asked) < 1 or not server._inside:
                await asyncio.sleep(0.005)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert ai.state() == "ok"
        left = {t for t in asyncio.all_tasks() - before if t.get_name() == "ask the AI service"}
        assert not left


def test_an_address_that_is_none_is_refused():
    for wrong in ("ai:8002", "http://a:1,", "http://a:1, http://b:1", "ftp://a"):
        with pytest.raises(ValidationError):
            AI(url=wrong)


def test_every_error_of_the_clinical_ai_can_be_told_apart_by_its_code():
    from auricle.ai import wire

    known = wire._errors()
    assert {"ai.busy", "ai.text_too_large", "ai.ambiguous_utterances", "ai.unknown_template"} <= known.keys()
    assert all(issubclass(kind, AuricleError) for kind in known.values())


@pytest.mark.parametrize(
    ("given", "ok", "told"),
    [
        ({}, True, "in each process"),
        ({"url": "http://a:8002"}, False, "without a secret"),
        ({"url": "http://a:8002,http://b:8002", "secret": SecretStr(SECRET)}, True, "2 services"),
    ],
)
def test_the_doctor_tells_where_the_clinical_ai_is(given, ok, told):
    finding = clinical_ai(AI(**given))
    assert finding.ok is ok and told in finding.text and SECRET not in finding.text
