"""The list of patients, the hottest read: announced, read under row security and audited in one message."""

import orjson
from pydantic import TypeAdapter

from auricle.actor import Actor
from auricle.db.keyset import NEWEST, Order
from auricle.db.sealed import Keyring, Unreadable
from auricle.db.session import Database, announced
from auricle.patients.schemas import PatientOut
from auricle.web.paging import Page, cursor_of

READ = "select * from patient_page($1, $2::jsonb, $3, $4, $5, $6, $7)"

SHOWN = TypeAdapter(list[PatientOut])


async def list_patients(
    database: Database,
    keyring: Keyring,
    actor: Actor,
    *,
    status: str = "active",
    language: str | None = None,
    order: Order = NEWEST,
    limit: int = 20,
) -> Page[PatientOut]:
    """By when they were made; nothing sorts by a name, which is sealed under each patient's own key.

    One read entry for the page. Erased patients, whose key is gone, are never listed.
    """
    organization_id = actor.organization_id
    if organization_id is None:
        return Page(items=[])
    who = orjson.dumps(announced(actor)).decode()
    rows = await database.direct.fetch(
        READ, organization_id, who, status, language, order.after, not order.descending, limit + 1
    )
    documents = []
    for row in rows[:limit]:
        patient_id, wrapped = row["id"], row["wrapped"]
        if wrapped is None:
            raise Unreadable
        key = keyring.unwrapped(organization_id, row["key_id"], wrapped)
        document = orjson.loads(key.open(row["identity"], "patient", "identity", patient_id))
        document["id"], document["created_at"] = patient_id, row["created_at"]
        document["language"], document["status"] = row["language"], row["status"]
        documents.append(document)
    more = len(rows) > limit
    return Page(items=SHOWN.validate_python(documents), next=cursor_of(rows[limit - 1]["id"]) if more else None)
