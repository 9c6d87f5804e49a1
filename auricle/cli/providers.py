"""Providers of this installation: real ones checked, emulated ones run, local models fetched."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from auricle.cli.given import DataDir, OneOrAll, say, settings_with, with_database
from auricle.cli.running import until_signalled

app = typer.Typer(help="Providers of this installation.", no_args_is_help=True)
models = typer.Typer(help="Local model files.", no_args_is_help=True)


@app.command("check")
def check(
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


@models.command("pull")
def pull(name: str, data_dir: DataDir = None) -> None:
    """Fetch local speech models, for example `whisper-small`. The only command that downloads anything."""
    from auricle.providers import local_models

    say(f"{name} is in {local_models.pull(name, settings_with(data_dir=data_dir).models_path)}")
