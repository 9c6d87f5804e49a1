"""What this installation is, has and can be shown to do."""

from pathlib import Path

import typer

from auricle import __version__
from auricle.cli.given import DataDir, settings_with
from auricle.loading import uncollected


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def doctor(data_dir: DataDir = None) -> None:
    """Tell what this installation has and lacks."""
    from auricle.doctor import findings

    for finding in findings(settings_with(data_dir=data_dir)):
        typer.echo(f"{'✓' if finding.ok else '–'} {finding.text}")


def demo(data_dir: DataDir = None, port: int | None = None, fast: bool = False) -> None:
    """Play a recorded consultation through a running installation, or through one of its own."""
    from auricle.demo.play import demonstrate

    raise typer.Exit(demonstrate(settings_with(data_dir=data_dir, port=port)))


def openapi() -> None:
    """Print the OpenAPI document of the API, for programs that are generated from it."""
    import orjson

    with uncollected():
        from auricle.assemble import application

        document = application(settings_with(data_dir=Path("/nonexistent"))).openapi()
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
