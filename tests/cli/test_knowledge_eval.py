"""`auricle knowledge eval` as a build server runs it: ask, then ask again after a document went, and fail."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from auricle.actor import Actor
from auricle.assemble import assembled
from auricle.identity.models import Organization
from auricle.knowledge.evaluation.command import GOT_WORSE, NoSuchOrganization, Wanted, evaluate_file
from auricle.knowledge.evaluation.rows import BadRows
from auricle.knowledge.evaluation.run import NoSuchRun
from auricle.knowledge.ingest import Work, ingest
from auricle.knowledge.models import KnowledgeDocument
from auricle.knowledge.receive import receive, remove
from auricle.settings import Settings
from auricle.uploads.receive import held
from auricle.uploads.refused import UnknownKind
from tests import builders
from tests.running_service import MASTER, MODELS, settings_for

DOCUMENTS = {
    "batteries.md": b"# Batteries\n\nZinc air batteries last about one week. Remove the tab a minute before use.\n",
    "parking.md": b"# Parking\n\nThe parking garage is behind the house. The first hour costs nothing.\n",
}
QUESTIONS = """question,document,not_in_base
How long do zinc air batteries last?,Batteries,
Where is the parking garage?,parking.md,
Which antibiotic treats pneumonia?,,yes
"""


EVAL = [sys.executable, "-m", "auricle", "knowledge", "eval"]


async def taught(settings: Settings) -> str:
    """A clinic with two documents; its short name."""
    async with assembled(settings) as assembly:
        actor = Actor.system(await builders.make_organization(assembly.database), "test")
        for name, data in DOCUMENTS.items():
            with held(name, data) as file:
                received = await receive(assembly.database, assembly.objects, actor, file)
            await ingest(Work(assembly.knowledge, assembly.objects, actor, received.document.id))
        async with assembly.database.transaction(actor) as db:
            slug = select(Organization.slug).where(Organization.id == actor.organization_id)
            return (await db.scalars(slug)).one()


async def forgotten(settings: Settings, slug: str, title: str) -> None:
    async with assembled(settings) as assembly:
        async with assembly.database.transaction(Actor.system(None, "test")) as db:
            organization_id = await db.scalar(select(Organization.id).where(Organization.slug == slug))
        actor = Actor.system(organization_id, "test")
        async with assembly.database.transaction(actor) as db:
            found = select(KnowledgeDocument.id).where(KnowledgeDocument.title == title)
            document_id = (await db.scalars(found)).one()
        await remove(assembly.database, assembly.objects, assembly.knowledge, actor, document_id)


@pytest.fixture
def known(environment: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        **environment,
        "AURICLE_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "AURICLE_MODELS_DIR": str(MODELS),
    }


def asked(settings: Settings, file: Path, slug: str, against: str | None = None, margin: float = 0.0):
    """What the command gives back and says."""
    said: list[str] = []
    wanted = Wanted(file, slug, file.stem, "", "", "", against, margin, False, False)
    return asyncio.run(evaluate_file(settings, wanted, asyncio.Event(), said.append)), said


def test_a_file_of_questions_is_asked_and_a_document_that_went_fails_the_build(urls, tmp_path):
    settings = settings_for(urls, tmp_path)
    slug = asyncio.run(taught(settings))
    file = tmp_path / "front-desk.csv"
    file.write_text(QUESTIONS)
    code, said = asked(settings, file, slug)
    assert (code, said[0].startswith("front-desk, version 1: 3 questions.")) == (0, True)
    assert ["success_at_1", "1.000"] in [line.split() for line in said]
    assert "3 questions: 2 found, 1 rightly refused, 0 unanswered, 0 not found, 0 wrongly answered." in said

    code, said = asked(settings, file, slug, "last")
    assert (code, "Changed since: nothing." in said, said[-1]) == (0, True, "Worse by more than 0: nothing.")

    asyncio.run(forgotten(settings, slug, "Parking"))
    code, said = asked(settings, file, slug, "last", 0.1)
    assert (code, "Changed since: chunks, content, documents." in said) == (GOT_WORSE, True)
    assert any(line.startswith("  worse: 'Where is the parking garage?': found at 1 → ") for line in said)
    assert said[-1].startswith("Worse by more than 0.1: success_at_1,")
    assert ["success_at_1", "1.000", "0.500", "-0.500"] in [line.split() for line in said]


def test_what_cannot_be_asked_is_refused(urls, tmp_path):
    settings = settings_for(urls, tmp_path)
    slug = asyncio.run(taught(settings))
    file = tmp_path / "front-desk.csv"
    file.write_text(QUESTIONS)
    for organization, against, error in (
        ("nobody", None, NoSuchOrganization),
        (slug, "last", NoSuchRun),
        (slug, str(uuid4()), NoSuchRun),
        (slug, "yesterday", NoSuchRun),
    ):
        with pytest.raises(error):
            asked(settings, file, organization, against)
    for name, error in (("a.csv", BadRows), ("a.pdf", UnknownKind)):
        bad = tmp_path / name
        bad.write_text(QUESTIONS + "?,Batteries,\n")
        with pytest.raises(error):
            asked(settings, bad, slug)


def test_a_run_whose_command_is_ended_is_cancelled(known, urls, tmp_path):
    slug = asyncio.run(taught(settings_for(urls, tmp_path)))
    file = tmp_path / "long.csv"
    file.write_text("question,document\n" + "".join(f"Where is garage {n}?,parking.md\n" for n in range(1_000)))
    command = [*EVAL, str(file), "--organization", slug]
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and "1000 questions" in running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (1, "auricle: The run was not done, it is cancelled.\n")
