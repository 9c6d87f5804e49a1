"""How the web processes stop, and stand in for one another: real processes, real sockets, a real call."""

import asyncio
import base64
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psutil
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from auricle.actor import Actor
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.passwords import HASHER
from auricle.providers.connections import shared_ssl_context
from tests import builders
from tests.e2e.installation import command, environment, eventually
from tests.running_service import MASTER, MODELS, PASSWORD, free_port

pytestmark = pytest.mark.slow
STARTED_S = 100.0  # other tests start processes at the same time


@dataclass
class Patient:
    """Somebody who may call, and what the processes need to know."""

    login: str
    settings: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def patient(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Patient:
    database, keyring = Database(urls.app), Keyring(MASTER)
    organization_id = await builders.make_organization(database)
    person = await builders.make_member(database, organization_id, "patient", password_hash=HASHER.hash(PASSWORD))
    admin = Actor.system(organization_id)
    await builders.make_patient(database, keyring, admin, account_id=person.account_id)
    await builders.make_agent(database, admin)
    async with database.transaction(person) as db:
        from auricle.identity.models import Account

        login = (await db.get_one(Account, person.account_id)).email
    await database.close()
    return Patient(
        login,
        {
            "AURICLE_DATABASE_URL": urls.app,
            "AURICLE_WORKER_URL": urls.worker,
            "AURICLE_DATA_DIR": str(tmp_path_factory.mktemp("draining")),
            "AURICLE_MASTER_KEY": base64.b64encode(MASTER).decode(),
            "AURICLE_MODELS_DIR": str(MODELS),
            "AURICLE_VOICE__MAX_LAG_S": "5",
        },
    )


@dataclass
class Process:
    process: "subprocess.Popen[bytes]"
    url: str
    login: str
    token: str = ""

    async def ready(self) -> int:
        async with httpx2.AsyncClient(base_url=self.url, timeout=5, verify=shared_ssl_context()) as http:
            with contextlib.suppress(httpx2.HTTPError):
                return (await http.get("/ready")).status_code
        return 0

    async def up(self) -> None:
        async with asyncio.timeout(STARTED_S):
            while await self.ready() != 200:
                assert self.process.poll() is None
                await asyncio.sleep(0.1)

    async def post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        async with httpx2.AsyncClient(
            base_url=self.url, timeout=20, headers=headers, verify=shared_ssl_context()
        ) as http:
            return await http.post(path, json=body)

    async def ticket(self) -> tuple[str, dict[str, Any]]:
        """A consultation with the ticket that opens its call."""
        if not self.token:
            signed_in = await self.post("/api/v1/auth/login", {"login": self.login, "password": PASSWORD})
            self.token = signed_in.raise_for_status().json()["access_token"]
        made = (await self.post("/api/v1/consultation/create", {"type": "voice"})).raise_for_status().json()
        issued = await self.post("/api/v1/ws/tickets", {"consultation_id": made["consultation_id"]})
        return made["consultation_id"], issued.raise_for_status().json()

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[ClientConnection]:
        consultation_id, ticket = await self.ticket()
        async with entered(ticket, consultation_id) as live:
            yield live

    def ended(self, within_s: float) -> int:
        return self.process.wait(within_s)


@contextlib.asynccontextmanager
async def entered(ticket: dict[str, Any], consultation_id: str) -> AsyncIterator[ClientConnection]:
    offered = ["auricle.v1", f"ticket.{ticket['ticket']}"]
    async with connect(ticket["url"], subprotocols=offered, max_queue=None) as live:  # type: ignore[arg-type]
        await live.send(orjson.dumps({"type": "init-session", "consultation_id": consultation_id}).decode())
        assert (await message(live, "session"))["type"] == "session"
        yield live


async def message(live: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(40):
        while (told := orjson.loads(await live.recv()))["type"] != kind:
            pass
    return dict(told)


async def answered(live: ClientConnection, text: str) -> str:
    await live.send(orjson.dumps({"type": "text", "text": text}).decode())
    while not (told := await message(live, "ai_response"))["is_final"]:
        pass
    return str(told["text"])


@contextlib.contextmanager
def started(patient: Patient, *words: str, **more: str) -> Iterator[Process]:
    port = free_port()
    process = subprocess.Popen(
        command(*words, "--port", str(port)), env=environment(**patient.settings, **more), cwd=Path("/")
    )
    try:
        yield Process(process, f"http://127.0.0.1:{port}", patient.login)
    finally:
        process.kill()
        process.wait(10)


async def test_a_running_call_goes_on_a_new_one_is_refused_and_then_the_process_ends(patient: Patient) -> None:
    with started(patient, "serve") as service:
        await service.up()
        async with service.call() as live:
            consultation_id, unused = await service.ticket()
            service.process.send_signal(signal.SIGTERM)
            while await service.ready() != 503:
                await asyncio.sleep(0.05)
            with pytest.raises(InvalidStatus) as refused:
                async with entered(unused, consultation_id):
                    pass
            assert refused.value.response.status_code == 503
            assert int(refused.value.response.headers["retry-after"]) > 0
            assert (await service.post("/api/v1/ws/tickets", {"consultation_id": consultation_id})).status_code == 503
            assert await answered(live, "When are you open?")
            assert service.process.poll() is None
            await live.send('{"type":"end"}')
            await live.wait_closed()
        assert await asyncio.to_thread(service.ended, 15) in (0, -signal.SIGTERM)


async def test_a_call_that_outlasts_the_time_is_told_so_and_ended(patient: Patient) -> None:
    with started(patient, "serve", AURICLE_VOICE__DRAIN_S="0.5") as service:
        await service.up()
        async with service.call() as live:
            service.process.send_signal(signal.SIGTERM)
            chunk = await message(live, "audio_chunk")
            assert any(base64.b64decode(chunk["data"]))
            assert (await message(live, "error"))["error_code"] == "session.stopping"
            await asyncio.wait_for(live.wait_closed(), 20)
        assert await asyncio.to_thread(service.ended, 15) in (0, -signal.SIGTERM)


async def test_a_second_signal_ends_at_once(patient: Patient) -> None:
    with started(patient, "serve") as service:
        await service.up()
        async with service.call() as live:
            service.process.send_signal(signal.SIGTERM)
            while await service.ready() != 503:
                await asyncio.sleep(0.05)
            service.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(service.ended, 12) in (0, -signal.SIGTERM)
            await asyncio.wait_for(live.wait_closed(), 5)


async def test_of_two_workers_one_that_leaves_or_is_replaced_keeps_its_call_and_others_take_the_next(
    patient: Patient,
) -> None:
    with started(patient, "serve", "--workers", "2") as service:
        await service.up()
        workers = eventually(lambda: two(psutil.Process(service.process.pid).children()))
        await settled(service, workers)
        async with service.call() as live:
            leaving = holder(workers, live)
            leaving.send_signal(signal.SIGTERM)
            await asyncio.to_thread(eventually, lambda: not listens(service, leaving))
            for _ in range(6):  # the kernel would have dealt some of these to the one that leaves
                async with service.call() as other:
                    assert holder(workers_of(service), other).pid != leaving.pid
                    await other.send('{"type":"end"}')
                    await other.wait_closed()
            assert await answered(live, "When are you open?")
            await live.send('{"type":"end"}')
            await live.wait_closed()
        eventually(lambda: not leaving.is_running() or leaving.status() == psutil.STATUS_ZOMBIE, STARTED_S)
        eventually(lambda: two(workers_of(service)), STARTED_S)  # and another was started in its place
        async with service.call() as live:
            older, its_own = at_work(service), holder(workers_of(service), live).pid
            service.process.send_signal(signal.SIGHUP)  # all are replaced, one after another
            await asyncio.to_thread(eventually, lambda: len(at_work(service) - older) == 2, STARTED_S)
            await asyncio.to_thread(eventually, lambda: at_work(service) & older == {its_own}, STARTED_S)
            assert await answered(live, "When are you open?")
            await live.send('{"type":"end"}')
            await live.wait_closed()
        eventually(lambda: len(at_work(service)) == 2 and not at_work(service) & older, STARTED_S)
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.ended, 20) == 0


async def test_the_api_hands_out_tickets_for_the_voice_processes_and_holds_no_call_itself(patient: Patient) -> None:
    with started(patient, "voice") as voice, started(patient, "api", AURICLE_VOICE_URL=voice.url) as api:
        await api.up()
        await voice.up()
        consultation_id, ticket = await api.ticket()
        assert ticket["url"].startswith(voice.url.replace("http", "ws"))
        elsewhere = ticket | {"url": ticket["url"].replace(voice.url.split("/")[2], api.url.split("/")[2])}
        with pytest.raises(InvalidStatus) as refused:
            async with entered(elsewhere, consultation_id):
                pass
        assert refused.value.response.status_code == 503
        async with entered(ticket, consultation_id) as live:
            assert await answered(live, "When are you open?")


def two(processes: list[psutil.Process]) -> list[psutil.Process]:
    return processes if len(processes) == 2 else []


def workers_of(service: Process) -> list[psutil.Process]:
    return psutil.Process(service.process.pid).children()


def at_work(service: Process) -> set[int]:
    found = set[int]()
    for one in workers_of(service):
        with contextlib.suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE:
                found.add(one.pid)
    return found


async def settled(service: Process, workers: list[psutil.Process]) -> None:
    """Until both listen, so that there is a choice."""
    async with asyncio.timeout(STARTED_S):
        while not all(listens(service, one) for one in workers):
            await asyncio.sleep(0.1)


def listens(service: Process, worker: psutil.Process) -> bool:
    port = int(service.url.rpartition(":")[2])
    return any(c.laddr.port == port for c in worker.net_connections() if c.status == "LISTEN")


def holder(workers: list[psutil.Process], live: ClientConnection) -> psutil.Process:
    """The worker at the other end of this socket."""
    port = live.local_address[1]
    [one] = [w for w in workers if any(c.raddr and c.raddr.port == port for c in w.net_connections())]
    return one
