"""`auricle billing`: usage and what it costs."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from auricle.cli.given import DataDir, OneOrAll, settings_with, with_database

app = typer.Typer(help="Usage and what it costs.", no_args_is_help=True)


@app.command("recompute")
def recompute(
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
