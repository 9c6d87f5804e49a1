"""`auricle audit`: the audit trail, proved."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from auricle.cli.given import DataDir, settings_with, with_database

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.command("verify")
def verify(data_dir: DataDir = None) -> None:
    """Check every organization's audit chain, then its notes' versions against it; name the first bad one."""
    from auricle.audit.report import report
    from auricle.notes import verify

    async def verified() -> int:
        settings = with_database(settings_with(data_dir=data_dir))
        return max(await report(settings, typer.echo), await verify.report(settings, typer.echo))

    raise typer.Exit(asyncio.run(verified()))


@app.command("verify-export")
def verify_export(
    file: Path,
    public_key: Annotated[
        str | None, typer.Option(help="The installation's public key, hex (`auricle audit public-key`).")
    ] = None,
) -> None:
    """Check an exported part of the audit, without the database; name the first bad line."""
    from auricle.audit.report import report_export

    raise typer.Exit(report_export(file, bytes.fromhex(public_key) if public_key else None, typer.echo))


@app.command("public-key")
def public_key(data_dir: DataDir = None) -> None:
    """Print the key that verifies this installation's heads, exports and certificates."""
    from auricle.audit.report import heads_of
    from auricle.db.sealed import Keyring, master_key

    settings = settings_with(data_dir=data_dir)
    keyring = Keyring(master_key(settings.master_key, settings.data_dir))
    typer.echo(heads_of(settings, keyring).public_key.hex())
