"""What the API calls things by has names for people in the console, in both languages: all of it, and nothing else.

What the API's description lists value by value (`'draft' | 'approved'`), TypeScript holds the pages to. Here stands the
rest: what the description only calls a string, and what is data.
"""

import ast
import re
from collections.abc import Collection
from pathlib import Path
from typing import get_args

import psycopg
import pytest
import yaml

import auricle
from auricle.ai.port import Check
from auricle.audit.refusals import CLINICAL
from auricle.billing.budgets.keep import Owner
from auricle.billing.rates import Unit
from auricle.consent.retention import CLASSES
from auricle.consultations.alerts import HAND_OVER
from auricle.consultations.models import ConsultationType
from auricle.db.embedded import Urls
from auricle.notes.writing import draft
from auricle.providers.metering import Status
from auricle.providers.ports import Capability
from auricle.safety import redflags

SOURCES = Path(__file__).parents[2] / "console" / "src"
LIST = re.compile(r"= named\(\s*'(?P<list>\w+)',\s*\{(?P<english>.*?)\},\s*\{(?P<hindi>.*?)\},?\s*\)", re.S)
ENTRY = re.compile(r"\b(?P<name>\w+): '(?P<words>[^']+)'")


def names(file: str = "i18n/names.ts") -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """The lists of a file, each in English and in Hindi."""
    found = LIST.finditer((SOURCES / file).read_text())
    return {one["list"]: (dict(ENTRY.findall(one["english"])), dict(ENTRY.findall(one["hindi"]))) for one in found}


def red_flags() -> set[str]:
    files = [file for file in redflags._FOLDER.iterdir() if file.name.endswith(".yaml")]
    return {category for file in files for category in yaml.safe_load(file.read_text("utf-8"))["categories"]}


def fits(list_: str, values: Collection[str], file: str = "i18n/names.ts") -> None:
    english, hindi = names(file)[list_]
    assert set(english) == set(hindi) == set(values)
    assert all(re.search(r"[\u0900-\u097f]", one) for one in hindi.values())


def test_every_capability_of_providers_has_a_name() -> None:
    fits("capabilities", {*get_args(Capability), "rag"})


def test_every_red_flag_of_any_language_has_a_name_and_so_has_the_wish_for_a_person() -> None:
    fits("alarms", red_flags() | {HAND_OVER})


def test_every_way_to_hold_a_consultation_has_a_name() -> None:
    fits("consultationTypes", list(ConsultationType))


def test_every_check_of_a_statement_has_a_name() -> None:
    fits("checks", get_args(Check.model_fields["name"].annotation))


@pytest.fixture(scope="module")
def constraints(urls: Urls) -> dict[str, str]:
    """What the database takes in columns that hold one of a few words, by constraint."""
    with psycopg.connect(urls.owner) as connection:
        return dict(
            connection.execute("select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'c'")
        )


def has_words(file: str, prefix: str, values: Collection[str]) -> None:
    said = re.findall(rf"^    {prefix}(\w+): '", (SOURCES / "features" / file).read_text(), re.M)
    assert len(values) > 1
    assert sorted(said) == sorted([*values] * 2)


def test_how_a_call_of_a_provider_ended_is_said_in_words() -> None:
    has_words("usage/words.ts", "status_", get_args(Status))


def test_what_is_charged_by_and_whose_budget_it_is_are_said_in_words() -> None:
    has_words("usage/words.ts", "unit_", get_args(Unit))
    has_words("usage/words.ts", "owner_", get_args(Owner))


@pytest.mark.parametrize(
    ("table", "column", "file", "prefix"),
    [
        ("usage_recomputation", "status", "usage/words.ts", "recompute_"),
        ("organization", "kind", "organizations/words.ts", "kind_"),
        ("note_statement", "kind", "notes/words.ts", "kind_"),
    ],
)
def test_what_the_database_takes_is_said_in_words(
    constraints: dict[str, str], table: str, column: str, file: str, prefix: str
) -> None:
    has_words(file, prefix, re.findall(r"'(\w+)'::text", constraints[f"{table}_{column}_check"]))


# Where action and entity stand in a call that adds to the audit; None where it says them itself.
RECORDING = {"record": (1, 2), "record_read": (None, 1), "note": (2, None)}
# What is put together: refusals (`audit/refusals.py`), attempts to sign in, take-overs, and the kinds of kept data.
PUT_TOGETHER = {
    "audit/reads.py",
    "audit/refusals.py",
    "break_glass/access.py",
    "consent/retention.py",
    "identity/sign_in.py",
    "listening/line.py",
}
ATTEMPTS = {"sign_in", "password_check"}
TAKE_OVERS = {"taken_over", "released"}


def recorded() -> tuple[set[str], set[str], set[str]]:
    """The actions and the entities that the code adds to the audit by name, and the files that do it otherwise."""
    home = Path(auricle.__file__).parent
    actions, entities, otherwise = set[str](), set[str](), set[str]()
    for file in home.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in RECORDING:
                continue
            for found, at in zip((actions, entities), RECORDING[call.func.id], strict=True):
                if at is None or at >= len(call.args):
                    continue
                if isinstance(said := call.args[at], ast.Constant):
                    found.add(str(said.value))
                elif ast.unparse(call.args[0]) == "db":
                    otherwise.add(str(file.relative_to(home)))
    return actions, entities, otherwise


def test_every_action_of_the_audit_has_a_name() -> None:
    actions, _, otherwise = recorded()
    assert otherwise == PUT_TOGETHER
    by_trigger = {"insert", "update", "delete"}
    fits("auditActions", actions | by_trigger | {"read", "change"} | ATTEMPTS | TAKE_OVERS, "i18n/audit-names.ts")


def test_everything_that_the_audit_tells_of_has_a_name(urls: Urls) -> None:
    with psycopg.connect(urls.owner) as connection:
        triggers = connection.execute("select tgargs from pg_trigger where tgname = 'audit'").fetchall()
    tables = {arguments.partition(b"\0")[0].decode() for (arguments,) in triggers}
    fits("auditEntities", recorded()[1] | tables | set(CLINICAL.values()) | set(CLASSES), "i18n/audit-names.ts")


def test_every_way_to_draft_a_note_has_a_name() -> None:
    source = (SOURCES / "features/notes/methods.ts").read_text()
    known = dict(re.findall(r"^  '([^']+)': '(\w+)',$", source, re.M))
    ways = (draft.EXTRACTIVE, draft.BY_MODEL, draft.IN_PART, draft.NOT_SET_UP, draft.NOT_PAID, draft.FAILED)
    assert set(known) == set(ways)
    assert all(source.count(f"    {key}: '") == 2 for key in known.values())
