"""`auricle up`: the embedded PostgreSQL, then `serve` and `worker` as child processes, watched until Ctrl-C.

The parent does no work of its own: a crash or a `kill -9` of a part never takes the others along, and a part that ends
is started again. The parts die with the parent.
"""

import contextlib
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import psycopg

from auricle.db.embedded import Server, running, take_lock
from auricle.db.migrate import is_current, migrate
from auricle.db.prepare import Urls, check
from auricle.errors import Misconfigured
from auricle.parts import Part, PartFailed, check_port, interruptible
from auricle.settings import Settings

READY_S = 180.0  # the first start builds a model: over a minute where others keep the cores
DRAIN_S = 3.0  # Ctrl-C is answered soon: a call that runs may say its last words, not more


def up(settings: Settings, say: Callable[[str], None], *, voice_workers: int = 0) -> None:
    """Run everything until interrupted. `say` prints a progress line."""
    check_not_running(settings)
    check_port(settings.host, settings.port)
    if voice_workers:
        check_port(settings.host, settings.port + 1)
    with interruptible():
        try:
            with database(settings, say) as (urls, server):
                run(settings, urls, server, say, voice_workers)
        except KeyboardInterrupt:  # before there was anything but the database to stop
            pass
    say("stopped; the data is kept")


def run(
    settings: Settings, urls: Urls, server: Server | None, say: Callable[[str], None], voice_workers: int = 0
) -> None:
    """Start the parts over a database that is there, and watch all of it until interrupted."""
    if urls.owner and not is_current(urls.app):
        say("bringing the schema up to date …")
        migrate(urls.owner)
    parts = parts_of(settings, urls, voice_workers)
    try:
        for part in parts:
            part.start()
        say("loading the speech and embedding models (the first start builds one, some seconds) …")
        await_ready(settings, settings.port, parts)
        if voice_workers:
            await_ready(settings, settings.port + 1, parts)
        say("ready")
        announce(settings, say)
        watch(parts, server, say)
    except KeyboardInterrupt:
        say("stopping …")
    finally:
        for part in reversed(parts):
            part.stop()


def parts_of(settings: Settings, urls: Urls, voice_workers: int) -> list[Part]:
    """The roles of this installation. Calls are held by the API's process, or by others on the next port."""
    if not voice_workers:
        environment = environment_for(settings, urls)
        return [Part("serve", environment), Part("worker", environment)]
    there = f"http://{settings.host}:{settings.port + 1}"
    known = {"AURICLE_PUBLIC_URL": settings.base_url, "AURICLE_VOICE_URL": settings.voice_url or there}
    environment = environment_for(settings, urls) | known
    port = {"AURICLE_PORT": str(settings.port + 1)}
    return [
        Part("api", environment),
        Part("voice", environment | port, ("--workers", str(voice_workers))),
        Part("worker", environment),
    ]


@contextlib.contextmanager
def database(settings: Settings, say: Callable[[str], None]) -> Iterator[tuple[Urls, Server | None]]:
    """The configured PostgreSQL, or the embedded server for as long as we run."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        check_database(url)
        if settings.worker_url is None:
            raise Misconfigured("With AURICLE_DATABASE_URL set, AURICLE_WORKER_URL is needed too.")
        owner_url = settings.owner_url.get_secret_value() if settings.owner_url else ""
        yield Urls(url, owner_url, settings.worker_url.get_secret_value()), None
        return
    say(f"starting the embedded PostgreSQL in {settings.data_dir} …")
    with running(settings.data_dir) as server:
        yield server.urls, server


def check_database(url: str) -> None:
    """Before any part starts: what they would all refuse in logs of their own is one sentence here."""
    try:
        check(url)
    except psycopg.OperationalError as error:
        raise Misconfigured(
            "The database of AURICLE_DATABASE_URL can't be reached, or refuses this role and password."
        ) from error
    except psycopg.ProgrammingError as error:
        raise Misconfigured("AURICLE_DATABASE_URL is not the URL of a PostgreSQL database.") from error


def environment_for(settings: Settings, urls: Urls) -> dict[str, str]:
    """What a part needs to know; the database's passwords go by environment, never on a command line."""
    return {
        **os.environ,
        "AURICLE_DATABASE_URL": urls.app,
        "AURICLE_WORKER_URL": urls.worker,
        "AURICLE_DATA_DIR": str(settings.data_dir),
        "AURICLE_HOST": settings.host,
        "AURICLE_PORT": str(settings.port),
        "AURICLE_WATCHER": str(os.getpid()),
        "AURICLE_VOICE__DRAIN_S": str(min(DRAIN_S, settings.voice.drain_s)),
        "OMP_NUM_THREADS": "1",  # small matrix products on all cores cost the calls more than they gain
        "AURICLE_SAMPLE_DATA": str(settings.sample_data).lower(),
    }


def check_not_running(settings: Settings) -> None:
    """Started twice, it says that: a second start would otherwise find the port busy, by us."""
    home = settings.data_dir.absolute() / "postgres"
    if settings.database_url is None and home.is_dir() and os.access(home, os.W_OK):
        take_lock(home).close()


def await_ready(settings: Settings, port: int, parts: list[Part]) -> None:
    """Wait until the service answers that it is ready; a part that ends meanwhile is an error at once."""
    deadline = time.monotonic() + READY_S
    address = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    while time.monotonic() < deadline:
        for part in parts:
            if part.ended():
                raise PartFailed(f"The {part.role} process ended while starting; its log above says why.")
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(  # noqa: S310 - our own address
                f"http://{address}:{port}/ready", timeout=2
            ) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise PartFailed("The service did not become ready in time; its log above says why.")


def watch(parts: list[Part], server: Server | None, say: Callable[[str], None]) -> None:
    """Start again whatever ends, until interrupted. On the main thread: PostgreSQL dies with its starter."""
    while True:
        time.sleep(0.5)
        if server is not None and not server.is_alive():
            say("PostgreSQL ended and is started again")
            server.restart()
        for part in parts:
            if part.ended():
                say(f"the {part.role} process ended and is started again")
                part.start()


def announce(settings: Settings, say: Callable[[str], None]) -> None:
    """The address, the sample logins, and what is offline about this mode."""
    from auricle.doctor import limits
    from auricle.sample.seed import LOGINS, PASSWORD

    say(f"Auricle is at {settings.base_url} (API description: {settings.base_url}/docs)")
    if settings.sample_data:
        say(f"sample logins, password “{PASSWORD}”:")
        for role, login in LOGINS.items():
            say(f"  {role:15} {login}")
    for limit in limits(settings):
        say(f"offline: {limit}")
    say("try `make demo` in another terminal; Ctrl-C stops everything")
