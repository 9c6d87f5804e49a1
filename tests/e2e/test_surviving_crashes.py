"""What is killed with -9 comes back, what was acknowledged is still there, and what was begun is finished once."""

import asyncio
import threading
import time
from collections import Counter
from uuid import UUID

import httpx2
import psutil
import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.db.embedded import attach
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from tests import builders
from tests.e2e.installation import Installation, Run, all_gone, eventually

pytestmark = pytest.mark.slow

# Long enough that its note takes seconds, so that a kill can come in the middle.
LONG = 400


class Writer:
    """A client that writes patients and messages without pause, and remembers what was acknowledged."""

    def __init__(self, installation: Installation) -> None:
        self.statuses: Counter[str] = Counter()
        self.patients: list[str] = []
        self.messages: list[str] = []
        self._installation = installation
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="writer")

    def __enter__(self) -> "Writer":
        with self._installation.client("patient") as http:
            opened = http.post("/api/v1/consultation/create", json={"type": "text"}).raise_for_status().json()
        self.consultation_id, self._session_id = opened["consultation_id"], opened["session_id"]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def wait_for_more(self, count: int) -> None:
        """Wait until so many further patients and messages are acknowledged."""
        patients, messages = len(self.patients) + count, len(self.messages) + count
        eventually(lambda: len(self.patients) >= patients and len(self.messages) >= messages, 60)

    def _work(self) -> None:
        with self._installation.client("clinician") as staff, self._installation.client("patient") as patient:
            number = 0
            while not self._stop.is_set():
                number += 1
                wanted = {"given_name": "Writer", "family_name": f"Number {number}"}
                made = self._send(staff, "/api/v1/patients", wanted)
                if made is not None:
                    self.patients.append(made["id"])
                said = f"message number {number} about my left ear"
                if self._send(patient, "/api/v1/conversation/message", {"session_id": self._session_id, "text": said}):
                    self.messages.append(said)

    def _send(self, http: httpx2.Client, path: str, body: dict[str, str]) -> dict[str, str] | None:
        try:
            answer = http.post(path, json=body)
        except httpx2.HTTPError as error:
            self.statuses[type(error).__name__] += 1
            time.sleep(0.05)
            return None
        self.statuses[str(answer.status_code)] += 1
        if answer.status_code >= 400:
            time.sleep(0.05)
            return None
        return answer.json()  # type: ignore[no-any-return]

    def assert_all_there(self) -> None:
        """Everything acknowledged is there, once."""
        with self._installation.client("clinician") as http:
            for patient_id in self.patients:
                assert http.get(f"/api/v1/patients/{patient_id}").status_code == 200
            kept = http.get(f"/api/v1/consultations/{self.consultation_id}/transcript").raise_for_status().json()
        said = Counter(m["text"] for m in kept["messages"] if m["sender"] == "patient")
        assert all(said[one] == 1 for one in self.messages)


def long_consultation(installation: Installation) -> str:
    """A consultation with a long transcript, written as the product writes it."""
    topics = (
        "my left ear has been ringing",
        "i take ibuprofen four hundred milligrams",
        "no fever",
        "it hurts at night",
    )
    said = [("patient" if n % 2 else "assistant", f"{topics[n % 4]} since day {n}") for n in range(LONG)]

    async def write() -> UUID:
        database = Database(attach(installation.data_dir).app, pool_size=1)
        keyring = Keyring(master_key(None, installation.data_dir))
        with installation.client() as http:
            me = http.get("/api/v1/auth/me").json()
        actor = Actor.system(UUID(me["organization_id"]))
        try:
            patient = await builders.make_patient(database, keyring, actor, record_number=f"L-{time.monotonic_ns()}")
            consultation, _ = await builders.make_consultation(database, keyring, actor, patient.id, said)
        finally:
            await database.close()
        return consultation.id

    return str(asyncio.run(write()))


def request_note(http: httpx2.Client, consultation_id: str) -> str:
    answer = http.post("/api/v1/soap/generate", json={"consultation_id": consultation_id})
    assert answer.status_code == 202
    note_id: str = answer.json()["id"]
    return note_id


def state_of(http: httpx2.Client, note_id: str, consultation_id: str) -> str:
    rows = (
        http.get("/api/v1/soap/notes", params={"consultation_id": consultation_id}).raise_for_status().json()["items"]
    )
    assert [row["id"] for row in rows] == [note_id]
    status: str = rows[0]["status"]
    return status


def assert_finished_once(installation: Installation, http: httpx2.Client, note_id: str, consultation_id: str) -> None:
    eventually(lambda: state_of(http, note_id, consultation_id) == "draft", 60)
    history = http.get(f"/api/v1/soap/notes/{note_id}/versions").raise_for_status().json()
    assert history["intact"] and [v["number"] for v in history["versions"]] == [1]
    note = http.get(f"/api/v1/soap/notes/{note_id}").raise_for_status().json()
    assert note["statements"] and len({s["id"] for s in note["statements"]}) == len(note["statements"])

    async def told_ready() -> int:
        database = Database(attach(installation.data_dir).app, pool_size=1)
        try:
            organization_id = UUID(http.get("/api/v1/auth/me").json()["organization_id"])
            async with database.transaction(Actor.system(organization_id)) as db:
                query = "select count(*) from live_event where kind = 'note.ready' and subject->>'note_id' = :note"
                return int(await db.scalar(text(query), {"note": note_id}) or 0)
        finally:
            await database.close()

    assert asyncio.run(told_ready()) == 1


def test_a_killed_postgres_is_started_again_and_nothing_acknowledged_is_lost(installation: Installation) -> None:
    run = installation.running()
    with Writer(installation) as writer:
        writer.wait_for_more(5)
        run.part("postgres").kill()
        eventually(lambda: "PostgreSQL ended and is started again" in run.told)
        writer.wait_for_more(5)
    assert set(writer.statuses) <= {"200", "201", "503"}, writer.statuses
    assert writer.statuses["503"] < 600
    assert installation.ready()
    writer.assert_all_there()


def test_a_note_whose_worker_is_killed_in_the_middle_is_finished_once(installation: Installation) -> None:
    run = installation.running()
    consultation_id = long_consultation(installation)
    with installation.client() as http:
        note_id = request_note(http, consultation_id)
        eventually(lambda: state_of(http, note_id, consultation_id) != "queued", pause_s=0.01)
        run.part("worker").kill()
        assert state_of(http, note_id, consultation_id) == "generating", "killed too late to show anything"
        assert_finished_once(installation, http, note_id, consultation_id)


def test_a_power_cut_right_after_acknowledged_writes_loses_none_of_them(installation: Installation) -> None:
    run: Run = installation.running()
    consultation_id = long_consultation(installation)
    with Writer(installation) as writer, installation.client() as http:
        writer.wait_for_more(5)
        note_id = request_note(http, consultation_id)
        processes: list[psutil.Process] = run.tree()
        run.kill_all()
        writer.stop()
    assert all_gone(processes)
    installation.start()
    writer.assert_all_there()
    with installation.client() as http:
        assert_finished_once(installation, http, note_id, consultation_id)
