"""What the API refuses, and what its permissions allow, has Hindi words in the console: each of them, and no others."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import auricle
from auricle.errors import AuricleError
from auricle.identity.roles import BUILT_IN, PERMISSIONS
from auricle.web.problems import CODES

WORDS = Path(__file__).parents[2] / "console" / "src" / "i18n"
ENTRY = re.compile(r"^  '?(?P<name>[\w.:]+)'?: '(?P<words>.+)',$", re.M)

# What ends a process or a command is said in a terminal, never by the API.
TERMINAL = (
    "auricle.audit.heads",
    "auricle.db.cluster",
    "auricle.db.embedded",
    "auricle.db.migrate",
    "auricle.db.prepare",
    "auricle.demo",
    "auricle.jobs",
    "auricle.knowledge.evaluation.command",
    "auricle.parts",
    "auricle.providers.local_models",
)


# What a job leaves behind that gave up; no error of its own is raised then.
LEFT_BEHIND = re.compile(
    r"\"((?:document|evaluation|export|finetune|knowledge|note|replay)\.(?:deleted|gave_up|\w*failed))\""
)
EVENTS = {"note.deleted", "note.failed", "recording.deleted"}


def kinds(of: type[AuricleError]) -> Iterator[type[AuricleError]]:
    yield of
    for kind in of.__subclasses__():
        if kind.__module__.startswith("auricle."):
            yield from kinds(kind)


def answered() -> set[str]:
    """The codes of every error that this program has, and of what the web refuses by itself."""
    for module in pkgutil.walk_packages(auricle.__path__, "auricle."):
        if not module.name.startswith(("auricle.db.migrations", "auricle.__main__")):
            importlib.import_module(module.name)
    codes = {kind.code for kind in kinds(AuricleError) if not kind.__module__.startswith(TERMINAL)}
    return codes | {code for code, _ in CODES.values()}


def left_behind() -> set[str]:
    sources = Path(auricle.__file__).parent.rglob("*.py")
    return {code for file in sources for code in LEFT_BEHIND.findall(file.read_text())} - EVENTS


def words(file: str) -> dict[str, str]:
    return {found["name"]: found["words"] for found in ENTRY.finditer((WORDS / file).read_text())}


def test_every_code_that_the_api_answers_has_hindi_words_and_no_other_has() -> None:
    hindi = words("refusals.hi.ts")
    assert set(hindi) == answered() | left_behind()
    assert all(re.search(r"[\u0900-\u097f]", one) for one in hindi.values())


def test_the_same_codes_have_english_words_for_where_they_are_told_alone() -> None:
    english = words("refusals.en.ts")
    assert set(english) == set(words("refusals.hi.ts"))
    assert all(one.endswith((".", "?")) for one in english.values())


def test_every_permission_has_hindi_words_and_no_other_has() -> None:
    hindi = words("permissions.hi.ts")
    assert set(hindi) == set(PERMISSIONS)
    assert all(re.search(r"[\u0900-\u097f]", one) for one in hindi.values())


def test_every_built_in_role_has_a_name_in_both_languages() -> None:
    file = (WORDS / "roles.ts").read_text()
    for role in BUILT_IN:
        assert len(re.findall(rf"\b{role}: '", file)) == 2, role
