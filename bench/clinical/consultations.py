"""`python -m bench.clinical.run consultations [--show 5]`: recorded consultations from transcript to judged note.

Twenty of PriMock57's, through an installation of their own: PostgreSQL, API and worker, each a process. Patients,
consents and consultations are made over HTTP, the transcripts stored as the engine stores what was said, each note is
asked for and waited for as a client does. Afterwards every quote is looked up again in what was stored.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID

import httpx2

from auricle.actor import Actor
from auricle.ai.port import Utterance
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.transcript import Said, append
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.postmaster import free_port
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.demo.play import sign_in
from auricle.sample.seed import LOGINS
from bench.clinical.corpora import Visit, primock57
from bench.clinical.drafting import drugs, numbers
from bench.voice.processes import START_S, UNLIMITED, await_ready, process

MANY = 20
WAIT_S = 30
WIDTH = 100
HEADING = (
    *("seconds", "said", "words", "statements", "verified", "supported", "inferred", "unsupported"),
    *("contradict.", "missing", "complete", "false"),
)


@dataclass
class Result:
    """One consultation's note, as it was told over HTTP, beside what was said."""

    visit: Visit
    seconds: float
    note: dict[str, Any]
    said: dict[str, Utterance] = field(default_factory=dict)  # by message id

    @property
    def statements(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.note["statements"]
        return found

    def verified(self) -> int:
        """Statements with evidence all of which stands in what was stored.

        Quotes are told revealed; where a name was written in two ways, as its first one: so letters' case is left out.
        """
        return sum(bool(s["evidence"]) and all(map(self.is_verbatim, s["evidence"])) for s in self.statements)

    def is_verbatim(self, evidence: dict[str, Any]) -> bool:
        text = self.said[evidence["message_id"]].text
        said, quote = text[evidence["original_start"] : evidence["original_end"]], str(evidence["quote"])
        return said.casefold() == quote.casefold()

    def unsupported(self) -> tuple[int, int]:
        """Drugs and numbers of the note that the whole conversation does not hold."""
        note = "\n".join(s["text"] for s in self.statements)
        source = "\n".join(u.text for u in self.visit.utterances)
        return len(drugs(note) - drugs(source)), len(numbers(note) - numbers(source))


def run(show: int = 0) -> None:
    with tempfile.TemporaryDirectory(prefix="auricle-consultations-") as folder, installed(Path(folder)) as place:
        results = asyncio.run(written(*place, list(primock57())[:MANY]))
    print(f"PriMock57, {len(results)} consultations, each from its stored transcript to a judged note")
    print(f"{'consultation':24}", *(f"{name:>11}" for name in HEADING))
    for result in results:
        print(row(result))
    print(total(results))
    for result in results[:show]:
        print("\n".join(told(result)))


@contextlib.contextmanager
def installed(folder: Path) -> Iterator[tuple[str, Database, Keyring]]:
    """An installation with the sample clinic in it: where it answers, its database, its keys."""
    folder.chmod(0o755)
    given = argparse.Namespace(log=folder / "log")
    port = free_port()
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(running(folder / "database"))
        migrate(database.urls.owner)
        environment = {
            "AURICLE_DATABASE_URL": database.urls.app,
            "AURICLE_WORKER_URL": database.urls.worker,
            "AURICLE_DATA_DIR": str(folder),
            "AURICLE_PORT": str(port),
            "AURICLE_LOG_LEVEL": "WARNING",
            **UNLIMITED,
        }
        stack.enter_context(process(["-m", "auricle", "worker"], given, environment))
        server = stack.enter_context(process(["-m", "auricle", "api"], given, environment))
        await_ready(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}", Database(database.urls.app, pool_size=2), Keyring(master_key(None, folder))


async def written(url: str, database: Database, keyring: Keyring, visits: Sequence[Visit]) -> list[Result]:
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=WAIT_S + 15) as http:
            http.headers.update(await signed_in(http))
            me = (await http.get("/api/v1/auth/me")).raise_for_status().json()
            system = Actor.system(UUID(me["organization_id"]), "bench")
            results = []
            for number, visit in enumerate(visits, start=1):
                consultation_id, session_id = await opened(http, number)
                said = await stored(database, keyring, system, consultation_id, session_id, visit)
                results.append(await noted(http, consultation_id, visit, said))
            return results
    finally:
        await database.close()


async def signed_in(http: httpx2.AsyncClient) -> dict[str, str]:
    """As the sample clinic's clinician, once the worker has put the clinic there."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.HTTPStatusError):
            return await sign_in(http, LOGINS["clinician"])
        await asyncio.sleep(0.5)
    sys.exit("The sample clinic was not seeded.")


async def opened(http: httpx2.AsyncClient, number: int) -> tuple[UUID, UUID]:
    """A patient with a name that nobody says, who agrees to AI, and a consultation with them."""

    async def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await http.post(path, json=body)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    person = {"given_name": "Quillon", "family_name": "Vexley", "record_number": f"PM-{number:04}"}
    patient = await made("/api/v1/patients", person)
    agreed = {"kind": "ai_use", "decision": "granted", "how": "paper"}
    await made(f"/api/v1/patients/{patient['id']}/consents", agreed)
    opening = {"patient_id": patient["id"], "type": "video"}
    begun = await made("/api/v1/consultation/create", opening)
    return UUID(begun["consultation_id"]), UUID(begun["session_id"])


async def stored(
    database: Database, keyring: Keyring, system: Actor, consultation_id: UUID, session_id: UUID, visit: Visit
) -> dict[str, Utterance]:
    """The transcript, as the engine stores it; what was said, by the id of its message."""
    said = [Said(u.speaker, u.text, start_s=u.start_s, end_s=u.end_s) for u in visit.utterances]
    async with database.transaction(system) as db:
        consultation = await find_consultation(db, consultation_id)
        await append(db, keyring, consultation, session_id, said)
    return {str(one.id): utterance for one, utterance in zip(said, visit.utterances, strict=True)}


async def noted(http: httpx2.AsyncClient, consultation_id: UUID, visit: Visit, said: dict[str, Utterance]) -> Result:
    """Ask for a note and wait for it. Its time is from the request to the stored draft, by the database's clock."""
    answer = await http.post(
        "/api/v1/soap/generate", params={"wait": WAIT_S}, json={"consultation_id": str(consultation_id)}
    )
    requested = answer.raise_for_status().json()
    if requested["note"] is None:
        sys.exit(f"{visit.id}: no note within {WAIT_S} s ({requested['status']}, {requested['failure_code']})")
    place = f"/api/v1/soap/notes/{requested['id']}"
    note = (await http.get(place, params={"reveal": True})).raise_for_status().json()
    (version,) = (await http.get(f"{place}/versions")).raise_for_status().json()["versions"]
    asked_at, stored_at = (datetime.fromisoformat(one["created_at"]) for one in (note, version))
    return Result(visit, (stored_at - asked_at).total_seconds(), note, said)


def row(result: Result) -> str:
    verdicts = Counter(s["verdict"] for s in result.statements)
    false_drugs, false_numbers = result.unsupported()
    figures = (
        f"{result.seconds:.2f}",
        len(result.visit.utterances),
        sum(len(s["text"].split()) for s in result.statements),
        len(result.statements),
        f"{result.verified() / len(result.statements):.3f}" if result.statements else "-",
        *(verdicts[name] for name in ("supported", "inferred", "unsupported", "contradicted")),
        len(result.note["missing"]),
        f"{result.note['completeness']:.2f}",
        f"{false_drugs}d {false_numbers}n",
    )
    return f"{result.visit.id:24} " + " ".join(f"{figure:>11}" for figure in figures)


def total(results: Sequence[Result]) -> str:
    statements = [s for r in results for s in r.statements]
    verdicts = Counter(s["verdict"] for s in statements)
    false = [r.unsupported() for r in results]
    verified = sum(r.verified() for r in results) / len(statements)
    return (
        f"all: {mean(r.seconds for r in results):.2f} s a note (slowest {max(r.seconds for r in results):.2f}), "
        f"{len(statements)} statements, evidence verified of {verified:.3f}, "
        f"{dict(verdicts)}, missing {sum(len(r.note['missing']) for r in results)}, "
        f"completeness {mean(r.note['completeness'] for r in results):.3f}, "
        f"drugs that nobody said {sum(d for d, _ in false)}, numbers {sum(n for _, n in false)}"
    )


def told(result: Result) -> Iterator[str]:
    """A whole note, each statement above the words it rests on."""
    yield f"\n══ {result.visit.id} " + "═" * (WIDTH - len(result.visit.id) - 4)
    yield f"the clinician's own note: {' '.join(result.visit.note.split())}"
    for part in result.note["parts"]:
        yield f"\n  {part['heading'].upper()}"
        for statement in (s for s in result.statements if s["part"] == part["key"]):
            yield f"  {statement['verdict']:12} {statement['text']}"
            for check in (c for c in statement["checks"] if c["verdict"] != "pass"):
                yield f"               ! {check['name']}: {check['verdict']}. {check['detail']}"
            for evidence in statement["evidence"]:
                when = "" if evidence["start_s"] is None else f" at {evidence['start_s']:.0f} s"
                yield f"               ← {evidence['speaker']}{when}: “{evidence['quote']}”"
    yield "\n  SAID, BUT NOT IN THIS NOTE"
    for missing in result.note["missing"]:
        yield f"  {missing['kind']:12} {missing['text']}: “{missing['quote']}”"
