"""A whole installation, web process and worker, whose vectors lie in a Qdrant server (emulated, over a socket)."""

import asyncio
from contextlib import asynccontextmanager

import uvicorn

from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Qdrant
from tests import builders
from tests.channels.talking import eventually
from tests.knowledge.contract.qdrant_emulator import Emulator
from tests.knowledge.over_http import upload
from tests.running_service import Service, free_port, served, settings_for, worked

QUESTION = "How long do zinc air batteries last?"


@asynccontextmanager
async def listening(emulator):
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(emulator, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def test_an_installation_with_qdrant_teaches_searches_outlives_an_outage_and_forgets(template, tmp_path):
    emulator = Emulator(key="some-key")
    async with listening(emulator) as url:
        qdrant = Qdrant(url=url, key="some-key", sharding="organization", timeout_s=10)
        settings = settings_for(template.copy(), tmp_path, qdrant=qdrant)
        database = Database(settings.database_url.get_secret_value())
        with served(settings), worked(settings):
            service = Service(settings, database, Keyring(bytes(range(32))))
            organization_id = await builders.make_organization(database)
            _, admin = await service.member(organization_id, "org_admin")
            async with service.client(admin) as http:
                await taught_and_forgotten(http, emulator, organization_id)
        await database.close()


async def taught_and_forgotten(http, emulator, organization_id):
    place = (await upload(http)).json()["status_url"]

    async def indexed():
        return (await http.get(place)).json()["status"]

    assert await eventually(indexed, lambda status: status in ("live", "failed"), timeout_s=60) == "live"
    assert (await http.get("/ready")).json()["parts"]["vectors"] == "ok"
    found = (await http.get("/api/v1/rag/search", params={"q": QUESTION})).json()
    assert (found["known"], found["degraded"]) == ("answer", False) and found["hits"]
    answered = (await http.post("/api/v1/rag/answer", json={"question": QUESTION})).json()
    assert (answered["known"], answered["degraded"]) == ("answer", False)

    emulator.fails_with = 503
    other = await upload(http, "tinnitus.md", b"# Tinnitus\n\nRinging is often worse in silence at night.")
    assert (await http.get("/ready")).json()["parts"]["vectors"] == "knowledge.vectors_away"
    waiting = other.json()["status_url"]

    async def trouble():
        return (await http.get(waiting)).json()["trouble_code"]

    assert await eventually(trouble, lambda code: code is not None, timeout_s=60) == "knowledge.vectors_away"
    assert (await http.delete(place)).status_code == 204
    gone = (await http.get("/api/v1/rag/search", params={"q": QUESTION})).json()
    assert gone["known"] == "unknown" and not gone["hits"]
    emulator.fails_with = None

    async def points():
        [(name, _)] = emulator.made.items()
        counted = await emulator._local.count(f"{name}--{organization_id}")
        return counted.count, (await http.get(waiting)).json()["status"]

    # The job that was refused is tried again after some seconds, and so is the one that removes.
    assert await eventually(points, lambda now: now == (1, "live"), timeout_s=60) == (1, "live")
