"""`auricle knowledge`: what organizations taught their agents."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from auricle.cli.given import DataDir, settings_with, with_database
from auricle.cli.running import until_signalled
from auricle.loading import uncollected

app = typer.Typer(help="What organizations taught their agents.", no_args_is_help=True)


@app.command("eval")
def evaluate(
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
    with uncollected():
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
