"""The database of an installation: its schema, and an external PostgreSQL made ready."""

from typing import Annotated

import typer

from auricle.cli.given import say, settings_with

app = typer.Typer(help="An external PostgreSQL.", no_args_is_help=True)


def migrate() -> None:
    """Bring the schema up to date as the owner (AURICLE_OWNER_URL)."""
    from auricle.assemble import required
    from auricle.db.migrate import migrate

    migrate(required(settings_with().owner_url, "AURICLE_OWNER_URL"))
    say("the schema is up to date")


@app.command("prepare")
def prepare(
    admin_url: Annotated[str, typer.Option(envvar="AURICLE_ADMIN_URL", help="An administrator's URL.")],
    name: str = "auricle",
) -> None:
    """Create roles, database and extension on a PostgreSQL, and print the three URLs to configure."""
    import secrets

    from auricle.db.prepare import Passwords, prepare

    urls = prepare(admin_url, passwords=Passwords(*(secrets.token_urlsafe(24) for _ in range(3))), database=name)
    for variable, url in (("DATABASE", urls.app), ("OWNER", urls.owner), ("WORKER", urls.worker)):
        typer.echo(f"AURICLE_{variable}_URL={url}")
