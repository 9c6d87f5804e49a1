"""One command a role: the processes that an installation is made of."""

import os
from typing import Annotated

import typer

from auricle.cli.given import DataDir, say, settings_with
from auricle.cli.running import until_signalled, watched
from auricle.loading import uncollected
from auricle.settings import Settings


def up(
    data_dir: DataDir = None,
    host: str | None = None,
    port: int | None = None,
    database_url: Annotated[str | None, typer.Option(help="The application role's URL.")] = None,
    sample_data: bool = True,
    voice: Annotated[
        int, typer.Option(min=0, max=64, help="Processes for live calls, on the next port; 0: the API's holds them.")
    ] = 0,
) -> None:
    """Run it all on this machine: embedded PostgreSQL, API, voice, AI and worker, on one address."""
    from auricle.up import up

    given = settings_with(data_dir=data_dir, host=host, port=port, database_url=database_url, sample_data=sample_data)
    up(given, say, voice_workers=voice)


Workers = Annotated[int, typer.Option(min=1, max=256, help="Processes on this one port, one for each core.")]


def serve(host: str | None = None, port: int | None = None, workers: Workers = 1) -> None:
    """The web process: API and voice together."""
    run_web("serve", settings_with(host=host, port=port), workers)


def voice(host: str | None = None, port: int | None = None, workers: Workers = 1) -> None:
    """The process that holds live calls. Where it is reached is AURICLE_VOICE_URL for the API's processes."""
    run_web("voice", settings_with(host=host, port=port), workers)


def api(host: str | None = None, port: int | None = None, workers: Workers = 1) -> None:
    """The web process without live calls, beside `voice`."""
    run_web("api", settings_with(host=host, port=port), workers)


def run_web(role: str, settings: Settings, workers: int) -> None:
    """Serve in this process, or watch over several that share the port."""
    is_watched = watched()
    if workers > 1:
        from auricle.workers import supervise

        supervise(role, settings, workers, say, watched=is_watched)
        return
    with uncollected():
        from auricle.log import configure
        from auricle.serving import serve

    configure(settings.log_level, settings.log_file)
    serve(settings, calls=role != "api", shares_port="AURICLE_SHARED_PORT" in os.environ, watched=is_watched)


def worker(concurrency: int = 4) -> None:
    """The job process: notes, indexing, sealing of the audit."""
    watched()
    with uncollected():
        from auricle.worker_role import work

    settings = settings_with()
    until_signalled(lambda stop: work(settings, stop, concurrency))
