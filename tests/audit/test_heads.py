"""The file of signed heads stays small, whole and ours."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from auricle.audit.chain import Position
from auricle.audit.heads import BadHead, Head, Heads, worth_keeping
from auricle.db.base import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def position(seq):
    return Position(seq, bytes([seq % 256]) * 32, 0)


def test_one_head_a_day_and_the_latest_are_kept_and_one_a_month_of_what_is_old():
    organization_id, other = new_id(), new_id()
    hours = [Head(organization_id, n, bytes(32), NOW - timedelta(hours=3000 * 24 - n)) for n in range(0, 72_000, 5)]
    kept = worth_keeping([*hours, Head(other, 1, bytes(32), NOW)], NOW)
    assert kept[-1].seq in (1, hours[-1].seq) and {h.organization_id for h in kept} == {organization_id, other}
    own = [h for h in kept if h.organization_id == organization_id]
    assert own[-1] == hours[-1]
    assert 400 + 80 < len(own) < 403 + 90
    assert [h.seq for h in own] == sorted(h.seq for h in own)


def test_the_file_stays_bounded_and_its_newest_head_is_always_there(tmp_path):
    heads = Heads(tmp_path / "heads.jsonl", bytes(32), compact_bytes=5_000)
    organizations = [new_id() for _ in range(3)]
    for seq in range(1, 120):
        heads.sign_all({organization_id: position(seq) for organization_id in organizations})
        assert heads.path.stat().st_size < 12_000
    latest = {head.organization_id: head.seq for head in heads.read()}
    assert latest == dict.fromkeys(organizations, 119)
    assert oct(heads.path.stat().st_mode & 0o777) == "0o600"


def test_writers_of_several_processes_lose_no_head_to_compaction(tmp_path):
    organizations = [new_id() for _ in range(4)]

    def sign(organization_id):
        own = Heads(tmp_path / "heads.jsonl", bytes(32), compact_bytes=3_000)
        for seq in range(1, 60):
            own.sign(organization_id, position(seq))

    threads = [threading.Thread(target=sign, args=(o,)) for o in organizations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = Heads(tmp_path / "heads.jsonl", bytes(32)).read()
    assert {o: max(h.seq for h in read if h.organization_id == o) for o in organizations} == dict.fromkeys(
        organizations, 59
    )


def test_half_a_line_left_by_a_crash_does_not_spoil_the_next_head(tmp_path):
    heads = Heads(tmp_path / "heads.jsonl", bytes(32))
    organization_id = new_id()
    heads.sign(organization_id, position(1))
    heads.path.write_bytes(heads.path.read_bytes() + heads.path.read_bytes()[:70])
    heads.sign(organization_id, position(2))
    assert [h.seq for h in heads.read()] == [1, 2]


def test_a_file_that_somebody_wrote_into_is_kept_as_it_is(tmp_path):
    heads = Heads(tmp_path / "heads.jsonl", bytes(32), compact_bytes=500)
    heads.path.write_bytes(b'{"organization": 7}\n')
    for seq in range(1, 9):
        heads.sign(new_id(), position(seq))
    assert heads.path.read_bytes().startswith(b'{"organization": 7}\n')
    with pytest.raises(BadHead, match="Line 1 "):
        heads.read()
