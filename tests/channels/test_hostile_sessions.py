"""Hostile sessions by the thousand: nothing crashes, a healthy call beside them is unharmed, and all comes back.

The short form holds 60 sessions, the long one (AURICLE_TEST_LONG=1, `make fuzz`) 1,000, over every wire there is.
"""

import asyncio
import base64
import os
import random
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr

from auricle.agents.config import AgentConfig
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Phone, Provider, Settings, Voice
from tests import builders
from tests.channels.conftest import Clinic, clinic_at
from tests.channels.hostile import AT_DOOR, INSIDE, Client, leave
from tests.channels.rawsocket import Raw
from tests.channels.talking import eventually, message, socket, type_in
from tests.channels.vitals import Vitals, alive, vitals
from tests.conftest import Template
from tests.emulators.carriers.exchange import Exchange
from tests.emulators.carriers.exotel import Exotel
from tests.emulators.carriers.plivo import Plivo
from tests.emulators.carriers.twilio import Twilio
from tests.emulators.openai_chat import WORDS, OpenAIEmulator
from tests.phone.conftest import KINDS
from tests.phone.conftest import Clinic as PhoneClinic
from tests.phone.conftest import clinic_at as phone_clinic_at
from tests.running_service import Service, settings_for

pytestmark = pytest.mark.slow

SESSIONS = 1_000 if os.environ.get("AURICLE_TEST_LONG") == "1" else 60
SEED = 20261121
AT_ONCE = 15
SESSION_S = 20.0  # no behaviour takes longer; one that does is stuck
GROWTH = 1.1
UVICORN_CALLS_ERRORS = (  # what clients did, and nothing of ours
    "Invalid UTF-8 sequence received from client.",
    "ASGI callable returned without completing handshake.",  # the client left in the middle of it
)
ANSWER = "".join(WORDS)
AGENT = {
    "name": "emulated",
    "greeting": {},
    "providers": {
        "llm": [{"provider": "emulated"}],
        "stt": {"default": [{"provider": "emulated"}]},
        "tts": {"default": [{"provider": "emulated"}]},
    },
}


@dataclass
class Town:
    """One service, a clinic for browsers, and one with a line at each carrier."""

    settings: Settings
    clinic: Clinic
    phones: PhoneClinic
    done: Counter[str] = field(default_factory=Counter)

    async def vitals(self) -> Vitals:
        return await vitals(self.settings)

    def errors_logged(self) -> list[dict[str, Any]]:
        assert self.settings.log_file is not None
        lines = [orjson.loads(line) for line in self.settings.log_file.read_bytes().splitlines()]
        errors = [line for line in lines if line["level"] in ("error", "critical")]
        return [line for line in errors if line["message"] not in UVICORN_CALLS_ERRORS]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(template: Template, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    exotel = Exotel("clinic1", "exotel-token", key="exotel-key", user="hook", password="a-password")
    carriers = Twilio("AC1", "twilio-token"), Plivo("MA1", "plivo-token")
    async with OpenAIEmulator() as emulated, carriers[0] as t, carriers[1] as p, exotel:
        exchanges: dict[str, Exchange] = {"twilio": t, "exotel": exotel, "plivo": p}
        urls = template.copy()
        provider = Provider(url=emulated.url, key=SecretStr(emulated.key), llm="a-model", stt="ears", tts="voice")
        settings = settings_for(
            urls,
            folder,
            providers={"emulated": provider},
            voice=Voice(max_lag_s=5.0, max_calls=200, resume_s=1.0, idle_s=5.0),
            phone=Phone(
                first_hour=0, last_hour=24, calls_per_minute=10_000,
                rest_hosts=tuple(one.host for one in exchanges.values()),
            ),
            log_file=folder / "log.jsonl",
        )  # fmt: skip
        database = Database(urls.app)
        with alive(settings) as process:
            service = Service(settings, database, Keyring(bytes(range(32))))
            async with clinic_at(service) as clinic:
                config = AgentConfig.model_validate(AGENT)
                clinic.agents["emulated"] = (await builders.make_agent(database, clinic.system, config)).agent_id
                yield Town(settings, clinic, await phone_clinic_at(service, exchanges))
            assert process.is_alive()
            await database.close()


# ── one hostile session ───────────────────────────────────────────────────────────────────────────────────────────
async def hostile(town: Town, number: int) -> None:
    """One session, all of whose chances come from its number."""
    dice = random.Random(f"{SEED}:{number}")
    wire = dice.choice(("browser", "browser", *KINDS))
    if dice.random() < 0.2:
        url = town.clinic.service.ws_url
        address = url if wire == "browser" else url.replace("/api/v1/ws/streaming", f"/ws/phone/{wire}")
        name = dice.choice(sorted(AT_DOOR))
        await AT_DOOR[name](address, dice)
    else:
        name = dice.choice(sorted(INSIDE))
        client = await (browser(town, dice, name) if wire == "browser" else phone(town, wire, dice, name))
        try:
            await INSIDE[name](client, dice)
        finally:
            await leave(client.raw, dice)
    town.done[name] += 1


async def browser(town: Town, dice: random.Random, name: str) -> Client:
    """A browser's socket with its session open; now and then its ticket is tried a second time."""
    clinic = town.clinic
    consultation_id = (await clinic.opened("emulated", "voice"))["consultation_id"]
    async with clinic.client() as http:
        issued = await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})
    ticket = issued.raise_for_status().json()["ticket"]
    init = {"type": "init-session", "consultation_id": consultation_id}
    if dice.random() < 0.5:
        init["audio"] = {"encoding": dice.choice(("pcm16", "mulaw")), "sample_rate": dice.choice((8000, 16000))}
    raws = [
        await Raw.tcp(clinic.service.ws_url, receive_buffer=4_096 if name == "slow_reader" else None)
        for _ in range(1 + (dice.random() < 0.15))
    ]
    for raw in raws:
        assert b" 101 " in await raw.upgrade(clinic.service.ws_url, "auricle.v1", f"ticket.{ticket}")
        if name != "slow_reader":
            raw.read_on()
        await raw.say(**init)
    for replay in raws[1:]:
        await replay.close()

    def media(encoded: bytes, number: int) -> dict[str, Any]:
        return {"type": "audio", "data": base64.b64encode(encoded).decode(), "number": number}

    return Client(raws[0], media, [init])


async def phone(town: Town, kind: str, dice: random.Random, name: str) -> Client:
    """A carrier's media socket after its start message, with the ticket that the webhook gave."""
    exchange, line = town.phones.exchanges[kind], town.phones.lines[kind]
    call = exchange.placed(f"+9198{dice.randrange(10**8):08}", line["number"], {})
    answer = await exchange.ask(call, line["addresses"]["voice"], {"CallStatus": "ringing"})
    url, parameters = media_of(exchange, answer)
    raw = await Raw.tcp(url, receive_buffer=4_096 if name == "slow_reader" else None)
    assert b" 101 " in await raw.upgrade(url)
    if name != "slow_reader":
        raw.read_on()
    shape = exchange.shape(call.id, exchange.account_id, parameters)
    client = Client(raw, shape.media, shape.opening())
    for opening in client.opening:
        await client.tell(opening)
    return client


def media_of(exchange: Exchange, answer: httpx2.Response) -> tuple[str, dict[str, str]]:
    """The media socket's address and parameters, as the webhook gave them."""
    if isinstance(exchange, Exotel):
        url: str = answer.json()["url"]
        return url, dict(parse_qsl(urlsplit(url).query))
    stream = next(ET.fromstring(answer.text).iter("Stream"))
    return exchange.address_of(stream), exchange.parameters_of(stream)


# ── the healthy call beside them ──────────────────────────────────────────────────────────────────────────────────
@dataclass
class Healthy:
    answers: list[str] = field(default_factory=list)
    sounds: list[int] = field(default_factory=list)  # bytes of each answer
    others: list[str] = field(default_factory=list)


async def healthy_call(town: Town, over: asyncio.Event) -> Healthy:
    """Ask one question after the other until it is over."""
    call = Healthy()
    opened = await town.clinic.opened("emulated", "voice")
    async with socket(town.clinic, opened["consultation_id"]) as live:
        while not over.is_set():
            call.sounds.append(0)
            await type_in(live, f"Where do I sit when I come in for appointment number {len(call.sounds)}")
            while (told := await message(live))["type"] != "metrics":
                if told["type"] == "audio_chunk":
                    call.sounds[-1] += len(base64.b64decode(told["data"]))
                elif told["type"] == "ai_response" and told["is_final"]:
                    call.answers.append(told["text"])
                elif told["type"] in ("error", "interrupted"):
                    call.others.append(told["type"])
            await asyncio.sleep(0.2)
    return call


# ── all together ──────────────────────────────────────────────────────────────────────────────────────────────────
async def held(town: Town, numbers: range) -> None:
    lines = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with lines, asyncio.timeout(SESSION_S):
            await hostile(town, number)

    ended = await asyncio.gather(*(one(number) for number in numbers), return_exceptions=True)
    stuck = {number: repr(end) for number, end in zip(numbers, ended, strict=True) if end and not is_gone(end)}
    assert not stuck


def is_gone(error: BaseException) -> bool:
    """The server hung up on a hostile client, as it may."""
    return isinstance(error, OSError | asyncio.IncompleteReadError) and not isinstance(error, TimeoutError)


async def settled(town: Town, like: Vitals) -> Vitals:
    """How the service is once the last client is forgotten, or as it was last."""
    for exchange in town.phones.exchanges.values():  # a carrier keeps the sockets of its webhooks open
        await exchange.http.aclose()
        exchange.http = httpx2.AsyncClient(timeout=20)
    seen: Vitals = await eventually(
        town.vitals, lambda now: now.tasks <= GROWTH * like.tasks and now.sockets <= like.sockets, 30
    )
    return seen


async def test_hostile_sessions_harm_nobody_and_leave_nothing_behind(town: Town) -> None:
    over = asyncio.Event()
    healthy = asyncio.create_task(healthy_call(town, over))
    try:
        await asyncio.sleep(1)
        quiet = await town.vitals()
        await held(town, range(SESSIONS // 2))  # whatever is loaded once is loaded now
        half = await settled(town, quiet)
        await held(town, range(SESSIONS // 2, SESSIONS))
        end = await settled(town, quiet)
    finally:
        over.set()
    call = await healthy
    assert set(call.answers) == {ANSWER} and len(call.answers) == len(call.sounds)
    assert len(set(call.sounds)) == 1 and call.sounds[0] > 0 and not call.others
    assert not town.errors_logged()
    assert end.tasks <= GROWTH * quiet.tasks, f"still running: {Counter(end.running) - Counter(quiet.running)}"
    assert end.sockets <= quiet.sockets
    assert end.rss_bytes <= GROWTH * half.rss_bytes
    assert sum(town.done.values()) > SESSIONS / 2 and (SESSIONS < 500 or set(town.done) == {*INSIDE, *AT_DOOR})
