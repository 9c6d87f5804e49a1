"""`auricle knowledge eval` as a build server runs it: ask, then ask again after a document went, and fail."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from auricle.actor import Actor
from auricle.assemble import assembled
from auricle.identity.models import Organization
from auricle.knowledge.ingest import Work, ingest
from auricle.knowledge.receive import receive, remove
from auricle.settings import Settings
from auricle.uploads.receive import held
from tests import builders
from tests.running_service import settings_for

DOCUMENTS = {
    "batteries.md": b"# Batteries\n\nZinc air batteries last about one week. Remove the tab a minute before use.\n",
    "parking.md": b"# Parking\n\nThe parking garage is behind the house. The first hour costs nothing.\n",
}
QUESTIONS = """question,document,not_in_base
How long do zinc air batteries last?,Batteries,
Where is the parking garage?,parking.md,
Which antibiotic treats pneumonia?,,yes
"""


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
    from auricle.knowledge.models import KnowledgeDocument

    async with assembled(settings) as assembly:
        async with assembly.database.transaction(Actor.system(None, "test")) as db:
            organization_id = await db.scalar(select(Organization.id).where(Organization.slug == slug))
        actor = Actor.system(organization_id, "test")
        async with assembly.database.transaction(actor) as db:
            found = select(KnowledgeDocument.id).where(KnowledgeDocument.title == title)
            document_id = (await db.scalars(found)).one()
        await remove(assembly.database, assembly.objects, assembly.knowledge, actor, document_id)


@pytest.fixture
def ask(environment: dict[str, str], tmp_path: Path):
    import base64
    import os

    from tests.running_service import MASTER, MODELS

    known = {
        **os.environ,
        **environment,
        "AURICLE_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "AURICLE_MODELS_DIR": str(MODELS),
    }

    def run(*given: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "auricle", "knowledge", "eval", *given]
        return subprocess.run(command, env=known, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_a_file_of_questions_is_asked_and_a_document_that_went_fails_the_build(ask, urls, tmp_path):
    settings = settings_for(urls, tmp_path)
    slug = asyncio.run(taught(settings))
    file = tmp_path / "front-desk.csv"
    file.write_text(QUESTIONS)
    first = ask(str(file), "--organization", slug)
    assert first.returncode == 0, first.stderr
    assert "front-desk, version 1: 3 questions." in first.stdout
    assert ["success_at_1", "1.000"] in [line.split() for line in first.stdout.splitlines()]
    assert "2 found, 1 rightly refused" in first.stdout

    same = ask(str(file), "--organization", slug, "--against", "last")
    assert same.returncode == 0, same.stdout + same.stderr
    assert "Changed since: nothing." in same.stdout

    asyncio.run(forgotten(settings, slug, "Parking"))
    worse = ask(str(file), "--organization", slug, "--against", "last", "--margin", "0.1")
    assert worse.returncode == 3, worse.stdout + worse.stderr
    assert "Changed since: chunks, content, documents." in worse.stdout
    assert "worse: 'Where is the parking garage?': found at 1 →" in worse.stdout
    assert "Worse by more than 0.1: success_at_1," in worse.stdout

    wide = ask(str(file), "--organization", slug, "--against", "last", "--margin", "1")
    assert (wide.returncode, "Worse by more than 1: nothing." in wide.stdout) == (0, True)

    file.write_text(QUESTIONS + "?,Batteries,\n")
    bad = ask(str(file), "--organization", slug)
    assert (bad.returncode, "row 5: no_question" in bad.stdout) == (1, True)
    nobody = ask(str(file), "--organization", "nobody")
    assert (nobody.returncode, "no organization" in nobody.stderr) == (1, True)
