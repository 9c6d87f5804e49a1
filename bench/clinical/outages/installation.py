"""An installation of real processes that can be killed one by one: PostgreSQL, the API, workers, AI services."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg

from auricle.actor import Actor
from auricle.db.embedded import Server, running
from auricle.db.migrate import migrate
from auricle.db.postmaster import die_with_parent, free_port
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.sample.seed import LOGINS, PASSWORD
from tests.builders import make_consultation, make_patient

ROOT = Path(__file__).parents[3]
SECRET = "of the bench, and of nobody else"
START_S = 120.0
TOPICS = (
    "my left ear has been ringing",
    "any fever or dizziness?",
    "no fever",
    "i take ibuprofen four hundred milligrams twice a day",
    "we will repeat the audiogram in two weeks",
    "it hurts at night",
)
UNLIMITED = {f"AURICLE_LIMITS__{who}": "1000000/minute" for who in ("ADDRESS", "USER", "KEY", "ORGANIZATION")}


class Installation:
    """`ai_url` is where API and workers look for the clinical AI."""

    def __init__(self, folder: Path, database: Server, ai_url: str) -> None:
        self.folder, self.database, self.ai_url = folder, database, ai_url
        self.port = free_port()
        self.began = time.time()
        self.happened: list[tuple[float, str]] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._names: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def note(self, what: str) -> None:
        self.happened.append((time.time() - self.began, what))

    def start(self, name: str, *words: str, **settings: str) -> None:
        """A role as a process of its own, known by a name."""
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AURICLE_")},
            "AURICLE_DATABASE_URL": self.database.urls.app,
            "AURICLE_WORKER_URL": self.database.urls.worker,
            "AURICLE_DATA_DIR": str(self.folder),
            "AURICLE_MODELS_DIR": str(ROOT / "var" / "models"),
            "AURICLE_PORT": str(self.port),
            "AURICLE_AI__URL": self.ai_url,
            "AURICLE_AI__SECRET": SECRET,
            "AURICLE_LOG_LEVEL": "INFO",
            "OMP_NUM_THREADS": "1",
            **UNLIMITED,
            **settings,
        }
        self._names.add(name)
        with self.log_of(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "auricle", *words],
                cwd="/",
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
            )

    def start_ai(self, name: str, port: int) -> None:
        self.start(name, "ai", "--port", str(port))
        self.await_answer(f"http://127.0.0.1:{port}/ready", name)

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"

    def kill(self, name: str) -> None:
        """As a power cut does it: -9."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        self.note(f"{name} is killed (-9)")

    def end(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
            process.wait()

    def await_answer(self, url: str, name: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._processes[name].poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{name} did not become ready: {self.log_of(name).read_text()[-2000:]}")

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx2.Client]:
        """Signed in as the sample clinic's clinician."""
        with httpx2.Client(base_url=self.url, timeout=60, trust_env=False) as http:
            answer = http.post("/api/v1/auth/login", json={"login": LOGINS["clinician"], "password": PASSWORD})
            http.headers["authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
            yield http

    def await_clinic(self) -> None:
        """The worker fills the empty installation and indexes its knowledge: wait until that is over."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx2.HTTPError), self.client():
                left = self.asked("select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
                                  " and task_name like 'knowledge.%'")  # fmt: skip
                if left == [(0,)]:
                    return
            time.sleep(0.3)
        raise RuntimeError("the sample clinic did not appear")

    def consultations(self, count: int, turns: int) -> list[UUID]:
        """Consultations with so many turns, written as the product writes them."""
        with self.client() as http:
            organization_id = UUID(http.get("/api/v1/auth/me").raise_for_status().json()["organization_id"])
        said = [("assistant" if n % 6 in (1, 4) else "patient", f"{TOPICS[n % 6]} since day {n}") for n in range(turns)]

        async def write() -> list[UUID]:
            database = Database(self.database.urls.app, pool_size=1)
            keyring, actor = Keyring(master_key(None, self.folder)), Actor.system(organization_id)
            try:
                patient = await make_patient(database, keyring, actor, record_number=f"O-{time.monotonic_ns()}")
                made = [await make_consultation(database, keyring, actor, patient.id, said) for _ in range(count)]
            finally:
                await database.close()
            return [consultation.id for consultation, _ in made]

        return asyncio.run(write())

    def asked(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the owner of everything, past every isolation: for counting only."""
        url = self.database.admin_url.rsplit("/", 1)[0] + "/auricle"
        with psycopg.connect(url, autocommit=True, options="-c search_path=public,jobs") as admin:
            return admin.execute(query, values or None).fetchall()

    def breakers(self) -> list[tuple[float, str]]:
        """What the processes' logs say of their breakers: seconds since the beginning, and a sentence."""
        found = []
        for name in sorted(self._names):
            for line in self.log_of(name).read_text().splitlines():
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if said.get("message") == "breaker of the AI service":
                        at = datetime.fromisoformat(said["at"]).timestamp() - self.began
                        reason = f" ({said['error_code']})" if said.get("error_code") else ""
                        found.append((at, f"{name}: breaker of address {said['place']} {said['outcome']}{reason}"))
        return found


@contextlib.contextmanager
def installed(ai_url: str) -> Iterator[Installation]:
    """The database, migrated; nothing else runs yet."""
    folder = Path(tempfile.mkdtemp(prefix="auricle-outages-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    try:
        with running(folder) as database:
            migrate(database.urls.owner)
            installation = Installation(folder, database, ai_url)
            try:
                yield installation
            finally:
                installation.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
