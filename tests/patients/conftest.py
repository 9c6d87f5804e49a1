"""A hospital with a front desk, for the tests of people under care."""

import pytest_asyncio

from auricle.actor import Actor
from auricle.db.session import Database
from tests.builders import make_member, make_organization


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(database: Database) -> Actor:
    return await make_member(database, await make_organization(database), "org_admin")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(database: Database) -> Actor:
    """The desk of another hospital."""
    return await make_member(database, await make_organization(database), "org_admin")
