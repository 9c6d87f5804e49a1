"""The command line: one command a role, and the tools an operator needs."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from auricle import __version__
from auricle.errors import AuricleError, Misconfigured
from auricle.settings import Settings

app = typer.Typer(
    help="Auricle, an open clinical voice platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
providers_app = typer.Typer(help="Providers of this installation.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)
models_app = typer.Typer(help="Local model files.", no_args_is_help=True)
knowledge_app = typer.Typer(help="What organizations taught their agents.", no_args_is_help=True)
database_app = typer.Typer(help="An external PostgreSQL.", no_args_is_help=True)
billing_app = typer.Typer(help="Usage and what it costs.", no_args_is_help=True)
ai_app = typer.Typer(help="The AI service.", invoke_without_command=True)
app.add_typer(ai_app, name="ai")
app.add_typer(providers_app, name="providers")
app.add_typer(billing_app, name="billing")
app.add_typer(audit_app, name="audit")
app.add_typer(models_app, name="models")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(database_app, name="database")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where data lives (AURICLE_DATA_DIR).")]


def main() -> None:
    """Run a command; an expected failure is one sentence on stderr and exit code 1."""
    try:
        app()
    except AuricleError as error:
        sys.stderr.write(f"auricle: {error.message}\n")
        sys.exit(1)


def say(line: str) -> None:
    typer.echo(f"auricle: {line}")


def settings_with(**given: Any) -> Settings:
    """The settings, with what the command line gave; what is wrong in them is named, its value never."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        raise Misconfigured(f"{variable(wrong['loc'])} is not valid: {wrong['msg']}.") from None
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = variable([field[1]]) if field else "A setting"
        raise Misconfigured(f"{name} can't be read; is it valid JSON?") from None


def variable(place: Iterable[int | str]) -> str:
    return "AURICLE_" + "__".join(str(part).upper() for part in place)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command("up")
def up_command(
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


@app.command("serve")
def serve_command(host: str | None = None, port: int | None = None, workers: Workers = 1) -> None:
    """The web process: API and voice together."""
    run_web("serve", settings_with(host=host, port=port), workers)


@app.command()
def voice(host: str | None = None, port: int | None = None, workers: Workers = 1) -> None:
    """The process that holds live calls. Where it is reached is AURICLE_VOICE_URL for the API's processes."""
    run_web("voice", settings_with(host=host, port=port), workers)


@app.command()
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
    from auricle.log import configure
    from auricle.serving import serve

    configure(settings.log_level, settings.log_file)
    serve(settings, calls=role != "api", shares_port="AURICLE_SHARED_PORT" in os.environ, watched=is_watched)


@app.command()
def worker(concurrency: int = 4) -> None:
    """The job process: notes, indexing, sealing of the audit."""
    watched()
    from auricle.worker_role import work

    settings = settings_with()
    until_signalled(lambda stop: work(settings, stop, concurrency))


@ai_app.callback()
def ai_command(context: typer.Context, host: str | None = None, port: int | None = None) -> None:
    """The AI service: masks, finds, drafts, judges and embeds for the other processes (AURICLE_AI__URL there)."""
    if context.invoked_subcommand is not None:
        return
    watched()
    from auricle.ai_service.serve import serve
    from auricle.log import configure
    from auricle.parts import check_port

    settings = settings_with(host=host)
    if port is not None:
        settings = settings.model_copy(update={"ai": settings.ai.model_copy(update={"port": port})})
    configure(settings.log_level, settings.log_file)
    check_port(settings.host, settings.ai.port)
    serve(settings)


@ai_app.command("badge")
def ai_badge(minutes: Annotated[int, typer.Option(min=1, max=60)] = 10) -> None:
    """Print a badge for the AI service, to ask it by hand: `curl -H "Authorization: Bearer $(auricle ai badge)" …`."""
    import time

    from auricle.ai.badge import make_badge

    secret = settings_with().ai.secret
    if secret is None:
        raise Misconfigured("AURICLE_AI__SECRET is not set.")
    typer.echo(make_badge(secret, time.time(), minutes * 60))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the schema up to date as the owner (AURICLE_OWNER_URL)."""
    from auricle.assemble import required
    from auricle.db.migrate import migrate

    migrate(required(settings_with().owner_url, "AURICLE_OWNER_URL"))
    say("the schema is up to date")


@database_app.command("prepare")
def prepare_command(
    admin_url: Annotated[str, typer.Option(envvar="AURICLE_ADMIN_URL", help="An administrator's URL.")],
    name: str = "auricle",
) -> None:
    """Create roles, database and extension on a PostgreSQL, and print the three URLs to configure."""
    import secrets

    from auricle.db.prepare import Passwords, prepare

    urls = prepare(admin_url, passwords=Passwords(*(secrets.token_urlsafe(24) for _ in range(3))), database=name)
    for variable, url in (("DATABASE", urls.app), ("OWNER", urls.owner), ("WORKER", urls.worker)):
        typer.echo(f"AURICLE_{variable}_URL={url}")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Tell what this installation has and lacks."""
    from auricle.doctor import findings

    for finding in findings(settings_with(data_dir=data_dir)):
        typer.echo(f"{'✓' if finding.ok else '–'} {finding.text}")


@app.command()
def demo(data_dir: DataDir = None, port: int | None = None, fast: bool = False) -> None:
    """Play a recorded consultation through a running installation, or through one of its own."""
    from auricle.demo.play import demonstrate

    raise typer.Exit(demonstrate(settings_with(data_dir=data_dir, port=port)))


OneOrAll = typer.Option(help="An organization's short name, or `all`.")


@providers_app.command("check")
def providers_check(
    name: Annotated[str | None, typer.Argument()] = None,
    organization: Annotated[str | None, OneOrAll] = None,
    data_dir: DataDir = None,
) -> None:
    """Call each provider of the installation, or each own account of organizations, with a small real sample."""
    from auricle.providers.report import report, report_own

    settings = settings_with(data_dir=data_dir)
    if organization is None:
        raise typer.Exit(asyncio.run(report(settings, name, typer.echo)))

    async def own() -> int:
        from auricle.assemble import assembled
        from auricle.identity.organizations import named

        async with assembled(with_database(settings)) as assembly:
            found = await named(assembly.database, organization)
            return await report_own(assembly.router, found, name, typer.echo)

    raise typer.Exit(asyncio.run(own()))


@billing_app.command("recompute")
def billing_recompute(
    since: Annotated[datetime, typer.Option("--from", help="The first day, or moment (UTC).")],
    until: Annotated[datetime | None, typer.Option("--to", help="The moment before which it ends; unset: now.")] = None,
    organization: Annotated[str, OneOrAll] = "all",
    data_dir: DataDir = None,
) -> None:
    """Compute the cost of a period again, by the rates that hold now."""
    from auricle.billing.recompute import check
    from auricle.billing.report import report
    from auricle.db.session import Database
    from auricle.identity.organizations import named

    settings = with_database(settings_with(data_dir=data_dir))
    first, end = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    check(first, end)

    async def all_of_them() -> None:
        assert settings.database_url is not None
        database = Database(settings.database_url.get_secret_value())
        try:
            await report(database, await named(database, organization), first, end, typer.echo)
        finally:
            await database.close()

    asyncio.run(all_of_them())


@app.command("openapi")
def openapi_command() -> None:
    """Print the OpenAPI document of the API, for programs that are generated from it."""
    import orjson

    from auricle.assemble import application

    document = application(settings_with(data_dir=Path("/nonexistent"))).openapi()
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@app.command()
def emulators(
    vendors: Annotated[list[str] | None, typer.Argument(help="Which ones; none named: all.")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="VENDOR=FAULT, as deepgram=stall_first or openai=status-429; repeat it.")
    ] = None,
    port: Annotated[int, typer.Option(help="The first one's port; the others follow. 0: free ones.")] = 18_800,
    write: Annotated[Path | None, typer.Option(help="Also write the settings to this file, as .env.")] = None,
) -> None:
    """Run the vendors' emulators on this machine, to try everything without a key (Ctrl-C stops)."""
    from auricle.emulated import emulate

    faults = dict(one.partition("=")[::2] for one in fault or ())
    until_signalled(lambda stop: emulate(vendors or (), faults, port, write, typer.echo, stop))


@models_app.command("pull")
def models_pull(name: str, data_dir: DataDir = None) -> None:
    """Fetch local speech models, for example `whisper-small`. The only command that downloads anything."""
    from auricle.providers import local_models

    say(f"{name} is in {local_models.pull(name, settings_with(data_dir=data_dir).models_path)}")


@knowledge_app.command("eval")
def knowledge_eval(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Questions: .csv, .tsv or .jsonl.")],
    organization: Annotated[str, typer.Option(help="Its short name or id.")],
    name: Annotated[str | None, typer.Option(help="Of the question set; else the file's.")] = None,
    collection: Annotated[str, typer.Option(help="Keep the searches to this collection.")] = "",
    only_language: Annotated[str, typer.Option(help="Keep the searches to documents of this language.")] = "",
    label: Annotated[str, typer.Option(help="To know the run by later.")] = "",
    against: Annotated[str | None, typer.Option(help="An earlier run to compare with: its id, or `last`.")] = None,
    margin: Annotated[float, typer.Option(min=0.0, max=1.0, help="How much worse a measure may get.")] = 0.0,
    with_model: Annotated[bool, typer.Option(help="Have the language model answer, at its price.")] = False,
    rerank: Annotated[bool, typer.Option(help="Have the organization's reranker asked.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Ask questions whose documents are known; exit 3 where a measure got worse by more than the margin."""
    from auricle.knowledge.evaluation.command import Wanted, evaluate_file
    from auricle.log import configure

    settings = with_database(settings_with(data_dir=data_dir))
    configure("ERROR")
    wanted = Wanted(
        file, organization, name or file.stem, collection, only_language, label, against, margin, with_model, rerank
    )
    codes: list[int] = []

    async def evaluated(stop: asyncio.Event) -> None:
        codes.append(await evaluate_file(settings, wanted, stop, typer.echo))

    until_signalled(evaluated)
    raise typer.Exit(codes[0])


@audit_app.command("verify")
def audit_verify(data_dir: DataDir = None) -> None:
    """Check every organization's audit chain, then its notes' versions against it; name the first bad one."""
    from auricle.audit.report import report
    from auricle.notes import verify

    async def verified() -> int:
        settings = with_database(settings_with(data_dir=data_dir))
        return max(await report(settings, typer.echo), await verify.report(settings, typer.echo))

    raise typer.Exit(asyncio.run(verified()))


@audit_app.command("verify-export")
def audit_verify_export(
    file: Path,
    public_key: Annotated[
        str | None, typer.Option(help="The installation's public key, hex (`auricle audit public-key`).")
    ] = None,
) -> None:
    """Check an exported part of the audit, without the database; name the first bad line."""
    from auricle.audit.report import report_export

    raise typer.Exit(report_export(file, bytes.fromhex(public_key) if public_key else None, typer.echo))


@audit_app.command("public-key")
def audit_public_key(data_dir: DataDir = None) -> None:
    """Print the key that verifies this installation's heads, exports and certificates."""
    from auricle.audit.report import heads_of
    from auricle.db.sealed import Keyring, master_key

    settings = settings_with(data_dir=data_dir)
    keyring = Keyring(master_key(settings.master_key, settings.data_dir))
    typer.echo(heads_of(settings, keyring).public_key.hex())


def with_database(settings: Settings) -> Settings:
    """Settings with the URLs of the embedded database that runs on this data folder, where none is configured."""
    if settings.database_url is not None:
        return settings
    from auricle.db.embedded import attach

    urls = attach(settings.data_dir)
    return settings.model_copy(
        update={"database_url": secret(urls.app), "worker_url": secret(urls.worker), "owner_url": secret(urls.owner)}
    )


def secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def watched() -> bool:
    """Where another process of ours started us: end with it, whatever happens."""
    from auricle.parts import end_with_parent

    watcher = os.environ.get("AURICLE_WATCHER")
    if watcher is None:
        return False
    end_with_parent(int(watcher))
    return True


def until_signalled(run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine with a stop event that SIGTERM and SIGINT set."""

    async def whole() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    if os.name == "posix":
        import uvloop

        uvloop.run(whole())
    else:
        asyncio.run(whole())
