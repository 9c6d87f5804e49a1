"""The command line: one command a role, and the tools an operator needs."""

import sys

import typer

from auricle.cli import about, ai, audit, billing, database, knowledge, providers, roles
from auricle.errors import AuricleError

app = typer.Typer(
    help="Auricle, an open clinical voice platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    about.version,
    roles.up,
    roles.serve,
    roles.voice,
    roles.api,
    roles.worker,
    database.migrate,
    about.doctor,
    about.demo,
    about.openapi,
    providers.emulators,
):
    app.command()(command)
for name, group in (
    ("ai", ai.app),
    ("providers", providers.app),
    ("billing", billing.app),
    ("audit", audit.app),
    ("models", providers.models),
    ("knowledge", knowledge.app),
    ("database", database.app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """Run a command; an expected failure is one sentence on stderr and exit code 1."""
    try:
        app()
    except AuricleError as error:
        sys.stderr.write(f"auricle: {error.message}\n")
        sys.exit(1)
