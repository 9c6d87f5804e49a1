"""`auricle audit verify`: every organization's chain against its entries and its signed heads."""

from collections.abc import Callable
from pathlib import Path

from auricle.audit.export import check_export
from auricle.audit.heads import Heads
from auricle.audit.verify import Report, verify_all
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.errors import Misconfigured
from auricle.settings import Settings


def heads_of(settings: Settings, keyring: Keyring) -> Heads:
    """The file of signed heads, outside the database."""
    return Heads(settings.data_dir / "audit-heads.jsonl", keyring.signing_seed)


async def report(settings: Settings, say: Callable[[str], None]) -> int:
    """Verify and print; 1 at the first bad entry of any organization."""
    if settings.database_url is None:
        raise Misconfigured("AURICLE_DATABASE_URL is not set.")
    database = Database(settings.database_url.get_secret_value(), pool_size=2)
    keyring = Keyring(master_key(settings.master_key, settings.data_dir))
    try:
        found = await verify_all(database, heads_of(settings, keyring))
    finally:
        await database.close()
    for one in found.organizations:
        say(sentence(one))
    if found.bad_heads is not None:
        say(f"the file of signed heads: {found.bad_heads}")
    return 0 if found.ok else 1


def sentence(one: Report) -> str:
    """One organization's result for a person."""
    if one.fault is not None:
        at = "" if one.fault.seq is None else f" at link {one.fault.seq}"
        entry = "" if one.fault.entry_id is None else f" (entry {one.fault.entry_id})"
        return f"organization {one.organization_id}: BAD: {one.fault.kind}{at}{entry}"
    return (
        f"organization {one.organization_id}: intact, {one.links} entries sealed, {one.waiting} waiting, "
        f"signed to {one.signed_to}"
    )


def report_export(file: Path, public_key: bytes | None, say: Callable[[str], None]) -> int:
    """Verify an exported file, offline, and print; 1 at the first bad line."""
    with file.open("rb") as lines:
        checked = check_export(lines, public_key)
    if checked.fault is not None:
        say(f"BAD: line {checked.line}: {checked.fault}")
        return 1
    whose = "this key" if public_key is not None else f"the key {checked.public_key.hex()} that the file names"
    say(f"intact: {checked.entries} entries, signed with {whose}")
    return 0
