"""Known names, phones and sentences go through everything; logs, metrics, errors, audit, jobs and URLs hold none."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text
from websockets.asyncio.client import connect

from auricle.actor import Actor
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.log import JsonFormatter
from tests import builders
from tests.conftest import Template
from tests.running_service import MASTER, Service, served, settings_for, worked

# Nothing else in the world is called this, so one hit anywhere is a leak.
NAME, FAMILY, PHONE, STREET = "Quorvelia", "Zymbrandt", "9176543218", "Plumquist"
SAID, WRITTEN, TAUGHT, WRONG = "flumptious", "grizzlewick", "snorvaline", "vexomorph"
CANARIES = (NAME, FAMILY, PHONE, "91765 43218", STREET, SAID, WRITTEN, TAUGHT, WRONG)


class Kept(logging.Handler):
    """Every line of every logger, as it would have been written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.lines = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.write(self.format(record) + "\n")


@pytest.fixture(scope="module")
def log() -> Iterator[Kept]:
    kept, root = Kept(), logging.getLogger()
    before = root.level
    yield kept
    root.removeHandler(kept)
    root.setLevel(before)


def listen(kept: Kept) -> None:
    """After the service and its worker have set the logging up as they like it."""
    logging.getLogger().addHandler(kept)
    logging.getLogger().setLevel(logging.DEBUG)


@pytest.fixture(scope="module")
def copied(template: Template) -> Urls:
    return template.copy()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(copied: Urls, log: Kept, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service of its own whose every log line is kept."""
    folder: Path = tmp_path_factory.mktemp("watched")
    settings = settings_for(copied, folder)  # the level of the root logger is the fixture's
    database = Database(copied.app)
    with served(settings), worked(settings):
        await asyncio.sleep(1.0)
        listen(log)
        yield Service(settings, database, Keyring(MASTER))
    await database.close()


def hits(where: str) -> list[str]:
    """The canaries found in a text, with what stands around them."""
    folded = where.casefold()
    return [f"{c}: …{where[max(0, at - 150) : at + 60]}…" for c in CANARIES if (at := folded.find(c.casefold())) >= 0]


class Story:
    """One clinic's day, in which every canary is used; `refusals` are the answers that were errors, `urls` all URLs."""

    def __init__(self, service: Service) -> None:
        self.service, self.refusals, self.urls, self.events = service, [], [], ""  # type: ignore[var-annotated]

    async def ask(self, who: dict[str, str], method: str, path: str, **given: Any) -> Any:
        async with self.service.client(who) as http:
            answer = await http.request(method, path, **given)
        self.urls.append(path + answer.headers.get("location", ""))
        if not answer.is_success:
            self.refusals.append(f"{method} {path}: {answer.status_code} {dict(answer.headers)} {answer.text}")
        return answer

    async def told(self) -> None:
        self.organization_id = await builders.make_organization(self.service.database)
        _, self.admin = await self.service.member(self.organization_id, "org_admin")
        self.clinician_actor, self.clinician = await self.service.member(self.organization_id, "clinician")
        await builders.make_agent(self.service.database, self.clinician_actor)
        patient = {
            "given_name": NAME,
            "family_name": FAMILY,
            "phone": f"+{PHONE}",
            "record_number": f"{FAMILY}-1",
            "address": f"4 {STREET} Lane",
            "email": f"{NAME}@example.org",
        }
        repeat = {**self.clinician, "idempotency-key": uuid4().hex}
        made = (await self.ask(repeat, "POST", "/api/v1/patients", json=patient)).raise_for_status().json()
        await self.ask(repeat, "POST", "/api/v1/patients", json=patient)
        self.patient_id = made["id"]
        async with self.service.database.transaction(self.clinician_actor) as db:
            await decide(db, UUID(self.patient_id), Deciding(Kind.AI_USE, Decision.GRANTED, how="paper"))
        await self.ask(self.clinician, "PUT", f"/api/v1/patients/{self.patient_id}", json={**patient, "language": "hi"})
        await self.ask(self.clinician, "GET", "/api/v1/patients", params={"limit": 5})
        await self.teach()
        await self.file()
        await self.converse()
        await self.speak()
        await self.write()
        await self.mistakes()

    async def teach(self) -> None:
        taught = f"# {TAUGHT} care\n\nThe {TAUGHT} clinic opens at nine on {STREET} street.".encode()
        files = {"file": (f"{TAUGHT}.md", taught)}
        document = (
            (await self.ask(self.admin, "POST", "/api/v1/rag/ingest-upload", files=files)).raise_for_status().json()
        )
        for _ in range(200):
            state = (await self.ask(self.admin, "GET", f"/api/v1/rag/documents/{document['id']}")).json()
            if state["status"] in ("live", "failed"):
                break
            await asyncio.sleep(0.1)
        await self.ask(self.admin, "POST", "/api/v1/rag/answer", json={"question": f"When does {TAUGHT} open?"})

    async def file(self) -> None:
        """A letter about the patient: sent, read, noted from, downloaded; and one for nobody."""
        letter = f"{NAME} {FAMILY} takes {WRITTEN} 500 mg and lives at {STREET}.".encode()
        sent = await self.ask(
            self.clinician,
            "POST",
            "/api/v1/documents/upload",
            files={"file": (f"{FAMILY}.txt", letter)},
            data={"patient_id": self.patient_id},
        )
        there = f"/api/v1/documents/{sent.raise_for_status().json()['id']}"
        wanted = {"document_id": sent.json()["id"]}
        await self.ask(self.clinician, "POST", "/api/v1/soap/generate", params={"wait": 10}, json=wanted)
        self.letter = (await self.ask(self.clinician, "GET", f"{there}/text")).text
        link = (await self.ask(self.clinician, "POST", f"{there}/link")).raise_for_status().json()["url"]
        await self.ask({}, "GET", link)
        await self.ask({}, "GET", f"{there}/file", params={"link": WRONG})
        await self.ask(self.clinician, "DELETE", there)

    async def converse(self) -> None:
        opened = (
            await self.ask(
                self.clinician,
                "POST",
                "/api/v1/consultation/create",
                json={"patient_id": self.patient_id, "notes": f"{WRITTEN} since Monday"},
            )
        ).json()
        self.consultation_id = opened["consultation_id"]
        for sentence in (
            f"My name is {NAME} {FAMILY} and my {SAID} ear hurts.",
            f"Call me on {PHONE}.",
            f"I have {SAID} chest pain and can not breathe.",
        ):
            await self.ask(
                self.clinician,
                "POST",
                "/api/v1/conversation/message",
                json={"session_id": opened["session_id"], "text": sentence},
            )

    async def speak(self) -> None:
        opened = (
            await self.ask(
                self.clinician,
                "POST",
                "/api/v1/consultation/create",
                json={"patient_id": self.patient_id, "type": "voice"},
            )
        ).json()
        ticket = (
            await self.ask(
                self.clinician, "POST", "/api/v1/ws/tickets", json={"consultation_id": opened["consultation_id"]}
            )
        ).json()["ticket"]
        protocols: Any = ["auricle.v1", f"ticket.{ticket}"]
        async with connect(self.service.ws_url, subprotocols=protocols) as live:
            init = {"type": "init-session", "consultation_id": opened["consultation_id"]}
            for message in (init, {"type": "text", "text": f"{NAME} {FAMILY} says {SAID}"}):
                await live.send(orjson.dumps(message).decode())
            try:
                async with asyncio.timeout(8):
                    while True:
                        told = await live.recv()
                        if isinstance(told, str) and orjson.loads(told)["type"] == "ai_response":
                            break
            except TimeoutError:
                pass
            await live.send(orjson.dumps({"type": WRONG, "text": WRONG}).decode())

    async def write(self) -> None:
        note = (
            await self.ask(
                self.clinician,
                "POST",
                "/api/v1/soap/generate",
                params={"wait": 30},
                json={"consultation_id": self.consultation_id},
            )
        ).json()
        place = f"/api/v1/soap/notes/{note['id']}"
        whole = (await self.ask(self.clinician, "GET", place, params={"reveal": True})).json()
        body = {
            "version": whole.get("version", 1),
            "statements": [{"section": "plan", "kind": "plan", "text": WRITTEN}],
        }
        await self.ask(self.clinician, "PUT", place, json=body)
        await self.ask(self.clinician, "GET", f"{place}/export", params={"reveal": True})
        await self.ask(self.clinician, "PUT", place, json={**body, "version": 99})
        again = {"version": 2, "wish": WRONG, "replace_edited": True}
        await self.ask(self.clinician, "POST", f"{place}/sections/plan/regenerate", json=again)
        await self.ask(self.clinician, "POST", f"{place}/sections/poem/regenerate", json=again)
        read = (await self.ask(self.clinician, "GET", place)).json()
        seen = [one["id"] for one in read["statements"]]
        signing = {"note_id": note["id"], "version": read["version"], "seen": seen}
        await self.ask(self.clinician, "POST", "/api/v1/soap/approve", json=signing)
        added = {"version": read["version"] + 1, "statements": [{"section": "plan", "text": f"{WRITTEN} {FAMILY}"}]}
        told = await self.ask(self.clinician, "POST", f"{place}/addenda", json=added)
        assert told.status_code == 201, told.status_code
        await self.ask(self.clinician, "GET", f"{place}/versions/draft/diff/latest")

    async def mistakes(self) -> None:
        """Every kind of refusal, with a canary in what was sent."""
        bad: list[tuple[str, str, dict[str, Any]]] = [
            (
                "POST",
                "/api/v1/patients",
                {"json": {"given_name": WRONG, "family_name": "", "phone": WRONG, WRONG: WRONG}},
            ),
            (
                "POST",
                "/api/v1/patients",
                {"json": {"given_name": NAME, "family_name": FAMILY, "record_number": f"{FAMILY}-1"}},
            ),
            (
                "POST",
                "/api/v1/patients",
                {"content": b'{"given_name": "' + WRONG.encode(), "headers": {"content-type": "application/json"}},
            ),
            ("POST", "/api/v1/patients", {"content": WRONG.encode(), "headers": {"content-type": WRONG}}),
            ("PUT", f"/api/v1/patients/{uuid4()}", {"json": {"given_name": WRONG, "family_name": WRONG}}),
            ("POST", "/api/v1/auth/login", {"json": {"login": f"{WRONG}@example.org", "password": WRONG}}),
            (
                "POST",
                "/api/v1/auth/register",
                {
                    "json": {
                        "email": f"{WRONG}@example.org",
                        "password": WRONG,
                        "given_name": WRONG,
                        "family_name": WRONG,
                    }
                },
            ),
            ("POST", "/api/v1/rag/ingest-upload", {"files": {"file": (f"{WRONG}.exe", WRONG.encode())}}),
            ("POST", "/api/v1/rag/ingest-upload", {"files": {"file": (f"{WRONG}.pdf", WRONG.encode())}}),
            ("POST", "/api/v1/documents/upload", {"files": {"file": (f"{WRONG}.txt", WRONG.encode())}}),
            ("POST", "/api/v1/conversation/message", {"json": {"session_id": str(uuid4()), "text": WRONG}}),
            ("POST", "/api/v1/agents", {"json": {"name": WRONG, "temperature": WRONG}}),
            ("POST", "/api/v1/soap/generate", {"json": {"consultation_id": WRONG}}),
            ("POST", "/api/v1/patients", {"json": {}, "headers": {"idempotency-key": f"{WRONG} {WRONG}"}}),
        ]
        for method, path, given in bad:
            given["headers"] = {**self.admin, **given.get("headers", {})}
            await self.ask({}, method, path, **given)
        await self.ask({"authorization": f"Bearer {WRONG}"}, "GET", "/api/v1/patients")
        await self.ask({"authorization": f"Bearer auk_{WRONG}"}, "GET", "/api/v1/patients")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(watched: Service) -> Story:
    story = Story(watched)
    await story.told()
    await asyncio.sleep(1.5)  # the sealer and the meter catch up
    return story


async def test_the_story_went_through(story: Story) -> None:
    """Otherwise nothing below would mean anything."""
    async with story.service.client(story.clinician) as http:
        transcript = (await http.get(f"/api/v1/consultations/{story.consultation_id}/transcript")).json()
        patient = (await http.get(f"/api/v1/patients/{story.patient_id}")).json()
    assert SAID in str(transcript) and patient["given_name"] == NAME and WRITTEN in story.letter
    assert len(story.refusals) >= 14


async def test_no_log_line_holds_any(story: Story, log: Kept) -> None:
    written = log.lines.getvalue()
    assert written.count("\n") > 20 and '"message":"request"' in written
    assert hits(written) == []


async def test_no_refusal_holds_any(story: Story) -> None:
    assert [hit for refusal in story.refusals for hit in hits(refusal)] == []


async def test_no_metric_and_no_url_holds_any(story: Story) -> None:
    async with story.service.client() as http:
        metrics = (await http.get("/metrics")).text
    assert "auricle_request_seconds" in metrics
    assert hits(metrics) == [] and hits("\n".join(story.urls)) == []


# What people wrote for all of their organization to read, and what has a reason to be in clear.
IN_CLEAR = {"knowledge_document", "knowledge_chunk", "knowledge_chunk_rest"}


async def test_the_database_holds_none_in_clear_but_what_was_taught(story: Story, copied: Urls) -> None:
    """Audit, jobs, events, usage and every other table, as text, whoever owns the rows."""
    found: dict[str, list[str]] = {}
    async with story.service.database.transaction(Actor.system(story.organization_id)) as db:
        tables = (
            (
                await db.execute(
                    text(
                        "select table_name from information_schema.tables where table_schema = 'public' "
                        "and table_type = 'BASE TABLE'"
                    )
                )
            )
            .scalars()
            .all()
        )
        for table in sorted(set(tables) - IN_CLEAR):
            # The audit of what was taught shows its title, which everybody in the organization may read.
            which = "where entity not like 'knowledge%'" if table == "audit_entry" else ""
            rows = (await db.execute(text(f"select t::text from {table} t {which} limit 5000"))).scalars().all()
            if held := hits("\n".join(rows)):
                found[table] = held
    assert found == {}


async def test_no_job_and_no_live_event_holds_any(story: Story, copied: Urls) -> None:
    import psycopg

    with psycopg.connect(copied.worker) as worker:
        jobs = worker.execute("select coalesce(string_agg(j::text, '|'), '') from jobs.procrastinate_jobs j").fetchone()
    assert jobs is not None and hits(jobs[0]) == []
    async with story.service.database.transaction(Actor.system(story.organization_id)) as db:
        events = (await db.execute(text("select t::text from live_event t"))).scalars().all()
    assert len(events) > 3 and hits("\n".join(events)) == []
