"""What the tests over HTTP send."""

import asyncio

BATTERIES = b"# Batteries\n\nZinc air batteries last about one week. Remove the tab a minute before use.\n"


async def upload(http, name="batteries.md", data=BATTERIES, **form):
    return await http.post("/api/v1/rag/ingest-upload", files={"file": (name, data)}, data=form)


async def when_done(http, document_id):
    for _ in range(200):
        document = (await http.get(f"/api/v1/rag/documents/{document_id}")).json()
        if document["status"] in ("live", "failed"):
            return document
        await asyncio.sleep(0.05)
    raise AssertionError(document)
