"""What every command is given: the settings, and where its data and its database are."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from auricle.errors import Misconfigured
from auricle.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where data lives (AURICLE_DATA_DIR).")]
OneOrAll = typer.Option(help="An organization's short name, or `all`.")


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
