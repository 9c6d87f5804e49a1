"""Notes while the AI service, a worker and PostgreSQL are killed, as real processes. Minutes: `make soak` runs it."""

import os

import pytest

from bench.clinical.outages import kills, replicas

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not os.environ.get("AURICLE_TEST_LONG"), reason="takes minutes: make soak"),
]


def test_whatever_is_killed_in_the_middle_every_note_is_drafted_exactly_once() -> None:
    assert kills.run(count=20, turns=200)


def test_of_two_ai_services_one_is_killed_and_no_note_is_lost() -> None:
    assert replicas.run(count=12, turns=200)
