"""The list of 20 patients against raw asyncpg: `python -m bench.api.run [requests] [rounds]`.

Ours checks the token, its sign-in and permission, charges limits, announces the actor under row security, writes the
entry of the read, opens 20 sealed identities under 20 keys and validates the response. The floors answer the same JSON
from a table in clear. All of it behind one uvicorn in one process, in turns; CPU is the process's own (user and
system), so it is a ratio that can be trusted on a busy machine. PostgreSQL's share is not in it.
"""

import asyncio
import base64
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import psycopg

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.models import Account, Member, Organization
from auricle.identity.passwords import HASHER
from auricle.patients.create import create_patient
from auricle.patients.page import list_patients
from auricle.patients.schemas import PatientIn

PATHS = {"raw, bare ASGI": "/raw", "raw, FastAPI route": "/raw-fastapi", "auricle": "/api/v1/patients?limit=20"}
PASSWORD, MASTER, CONNECTIONS, PATIENTS = "a long pass phrase", bytes(range(32)), 8, 200

CLEAR = """
create table bench_patient (id uuid primary key, organization_id uuid, status text, language text,
    created_at timestamptz, given_name text, family_name text, birth_date date, gender text, email text, phone text,
    address text, record_number text);
create index on bench_patient (organization_id, id desc);
grant select on bench_patient to auricle_app;
"""


async def fill(urls: Urls) -> str:
    """Three hospitals with the same number of patients, sealed and in clear. Returns the login of one's front desk."""
    database, keyring, login = Database(urls.app), Keyring(MASTER), ""
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        owner.execute(CLEAR)
        for number in range(3):
            organization = Organization(
                id=new_id(), name=f"Bench {number}", slug=f"b{number}", email=f"{number}@b.example"
            )
            async with database.transaction(Actor.nobody()) as db:
                db.add(organization)
            login, system = f"desk{number}@bench.example", Actor.system(organization.id)
            async with database.transaction(system) as db:
                account = Account(id=new_id(), email=login, password_hash=HASHER.hash(PASSWORD))
                db.add(account)
                await db.flush()
                db.add(Member(account_id=account.id, role="staff", given_name="Meera", family_name="Iyer"))
            async with database.transaction(system) as db:
                for n in range(PATIENTS):
                    await create_patient(db, keyring, person(n))
            await copy(database, keyring, system, owner)
        owner.execute("analyze")
    await database.close()
    return login


def person(n: int) -> PatientIn:
    return PatientIn.model_validate(
        {
            "given_name": f"Asha {n}",
            "family_name": f"Rao {n}",
            "birth_date": "1958-03-14",
            "gender": "female",
            "email": f"asha.{n}@example.org",
            "phone": f"+91 98450 {n:05}",
            "address": f"{n} Lake Road, Mysuru 570001",
            "record_number": f"MRN-{n}",
        }
    )


async def copy(database: Database, keyring: Keyring, actor: Actor, owner: psycopg.Connection) -> None:
    """The same patients for the floors, in clear."""
    page = await list_patients(database, keyring, actor, limit=200)
    rows = [{**one.model_dump(), "organization_id": actor.organization_id} for one in page.items]
    names = ", ".join(rows[0])
    with owner.cursor() as cursor:
        cursor.executemany(
            f"insert into bench_patient ({names}) values ({', '.join(f'%({n})s' for n in rows[0])})", rows
        )


@contextlib.contextmanager
def served(urls: Urls, folder: Path, port: int) -> Iterator[None]:
    """The server, in a process of its own, with limits that a load does not reach but that are counted."""
    many = "100000000/minute"
    settings = {
        "database_url": urls.app, "worker_url": urls.worker, "data_dir": str(folder), "port": port, "log_level": "INFO",
        "master_key": base64.b64encode(MASTER).decode(), "sample_data": False,
        "limits": {"address": many, "user": many, "key": many, "organization": many},
    }  # fmt: skip
    file = folder / "settings.json"
    file.write_bytes(orjson.dumps(settings))
    server = subprocess.Popen([sys.executable, "-m", "bench.api.server", str(file)], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait(20)


class Client:
    """A keep-alive HTTP/1.1 connection that costs next to nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self.reader, self.writer = reader, writer
        self.head = f"Host: b\r\nAuthorization: Bearer {token}\r\nUser-Agent: bench\r\n"

    async def send(self, path: str, body: bytes = b"") -> bytes:
        if body:
            form = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            request = f"POST {path} HTTP/1.1\r\nHost: b\r\n{form}\r\n".encode() + body
        else:
            request = f"GET {path} HTTP/1.1\r\n{self.head}\r\n".encode()
        self.writer.write(request)
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await self.reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {head[:60]!r} {answer[:300]!r}")
        return answer


@contextlib.asynccontextmanager
async def connected(port: int, token: str = "") -> AsyncIterator[Client]:
    for _ in range(300):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.1)
    else:
        raise RuntimeError("the server did not start")
    try:
        yield Client(reader, writer, token)
    finally:
        writer.close()


async def measure(port: int, login: str, requests: int, rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds a request, by path, one figure a round."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(port))
        signed_in = await first.send("/api/v1/auth/login", orjson.dumps({"login": login, "password": PASSWORD}))
        token = orjson.loads(signed_in)["access_token"]
        clients = [await stack.enter_async_context(connected(port, token)) for _ in range(CONNECTIONS)]
        answers = [orjson.loads(await first_of(clients).send(path)) for path in PATHS.values()]
        names = [[item["given_name"] for item in answer["items"]] for answer in answers]
        assert names[0] == names[1] == names[2] and len(names[0]) == 20
        figures: dict[str, list[float]] = {name: [] for name in PATHS}
        for turn in range(rounds + 1):
            for name, path in PATHS.items():
                before = int(await first.send("/cpu"))
                await asyncio.gather(*(repeat(client, path, requests // CONNECTIONS) for client in clients))
                used_ms = (int(await first.send("/cpu")) - before) / 1e6
                if turn:  # the first round warms up
                    figures[name].append(used_ms / requests)
        return figures


def first_of(clients: list[Client]) -> Client:
    return clients[0]


async def repeat(client: Client, path: str, times: int) -> None:
    for _ in range(times):
        await client.send(path)


def show(figures: dict[str, list[float]]) -> None:
    ours = min(figures["auricle"])
    print(f"{'':22}{'CPU ms/request: least':>24}{'median':>9}{'ours against it':>18}")
    for name, values in figures.items():
        print(f"{name:22}{min(values):24.3f}{statistics.median(values):9.3f}{min(values) / ours:18.2f}")


def main() -> None:
    requests, rounds = (int(arg) for arg in (*sys.argv[1:], "400", "8")[:2])
    requests -= requests % CONNECTIONS
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        port = 20_000 + os.getpid() % 20_000
        with running(folder / "database", options={"fsync": "off"}) as server:
            migrate(server.urls.owner)
            login = asyncio.run(fill(server.urls))
            with served(server.urls, folder, port):
                show(asyncio.run(measure(port, login, requests, rounds)))


if __name__ == "__main__":
    main()
