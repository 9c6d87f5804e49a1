"""`auricle ai`: the AI service, and a badge to ask it by hand."""

from typing import Annotated

import typer

from auricle.cli.given import settings_with
from auricle.cli.running import watched
from auricle.errors import Misconfigured
from auricle.loading import uncollected

app = typer.Typer(help="The AI service.", invoke_without_command=True)


@app.callback()
def ai(context: typer.Context, host: str | None = None, port: int | None = None) -> None:
    """The AI service: masks, finds, drafts, judges and embeds for the other processes (AURICLE_AI__URL there)."""
    if context.invoked_subcommand is not None:
        return
    watched()
    with uncollected():
        from auricle.ai_service.serve import serve
        from auricle.log import configure
        from auricle.parts import check_port

    settings = settings_with(host=host)
    if port is not None:
        settings = settings.model_copy(update={"ai": settings.ai.model_copy(update={"port": port})})
    configure(settings.log_level, settings.log_file)
    check_port(settings.host, settings.ai.port)
    serve(settings)


@app.command("badge")
def badge(minutes: Annotated[int, typer.Option(min=1, max=60)] = 10) -> None:
    """Print a badge for the AI service, to ask it by hand: `curl -H "Authorization: Bearer $(auricle ai badge)" …`."""
    import time

    from auricle.ai.badge import make_badge

    secret = settings_with().ai.secret
    if secret is None:
        raise Misconfigured("AURICLE_AI__SECRET is not set.")
    typer.echo(make_badge(secret, time.time(), minutes * 60))
