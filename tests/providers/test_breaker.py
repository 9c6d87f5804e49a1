"""Breakers and budgets, with time as an argument."""

from uuid import UUID

import pytest

from auricle.providers.breaker import MAX_BREAKERS, MAX_OPEN_S, OPEN_S, Breaker, Breakers
from auricle.providers.budgets import Budget
from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused, ProviderTimeout


def opened() -> Breaker:
    breaker = Breaker()
    for at in (0.0, 1.0, 2.0):
        breaker.failed(ProviderTimeout(), at)
    return breaker


def test_three_failures_open_it_and_time_half_opens_it() -> None:
    breaker = opened()
    assert breaker.state(2.0) == "open" and not breaker.allows(2.0)
    assert breaker.state(2.0 + OPEN_S) == "half_open" and breaker.allows(2.0 + OPEN_S)


def test_two_failures_or_three_among_many_successes_do_not_open_it() -> None:
    breaker = Breaker()
    for at in range(8):
        breaker.succeeded(float(at))
    for at in range(8, 12):
        breaker.failed(ProviderFailed(), float(at))
    assert breaker.allows(12.0)


def test_old_failures_are_forgotten() -> None:
    breaker = Breaker()
    for at in (0.0, 100.0, 200.0, 300.0):
        breaker.failed(ProviderFailed(), at)
    assert breaker.allows(300.0)


def test_only_one_probe_goes_through_a_half_open_breaker() -> None:
    breaker = opened()
    breaker.begin(20.0)
    assert not breaker.allows(20.1)
    breaker.cancelled()
    assert breaker.allows(20.2)


def test_a_good_probe_closes_it_and_a_bad_one_opens_it_for_longer() -> None:
    good, bad = opened(), opened()
    good.begin(20.0)
    good.succeeded(20.5)
    assert good.state(20.5) == "closed"
    at = 20.0
    for _ in range(10):
        bad.begin(at)
        bad.failed(ProviderFailed(), at)
        at = bad.open_until or at
    assert bad.open_s == MAX_OPEN_S


def test_a_probe_that_never_came_back_does_not_block_for_ever() -> None:
    breaker = opened()
    breaker.begin(20.0)
    assert breaker.allows(60.0)


def test_a_refusal_opens_nothing_but_is_remembered_until_a_call_succeeds() -> None:
    breaker = Breaker()
    for at in range(20):
        breaker.failed(ProviderRefused(), float(at))
    assert breaker.state(20.0) == "closed" and breaker.allows(20.0)
    assert breaker.refused_code == "provider.refused"
    breaker.succeeded(21.0)
    assert breaker.refused_code is None


def test_a_busy_provider_is_left_alone_as_long_as_it_asked_for() -> None:
    breaker = Breaker()
    breaker.failed(ProviderBusy(retry_after_s=7.0), 10.0)
    assert not breaker.allows(16.9) and breaker.allows(17.0)
    assert breaker.state(10.0) == "closed"


def test_one_tenants_trouble_is_not_anothers_and_the_number_of_breakers_is_bounded() -> None:
    breakers = Breakers()
    mine = breakers.of((UUID(int=1), "p", "k"))
    assert breakers.of((UUID(int=1), "p", "k")) is mine
    assert breakers.of((UUID(int=2), "p", "k")) is not mine
    assert breakers.of((UUID(int=1), "p", "other key")) is not mine
    assert breakers.seen("p", UUID(int=2)) == [breakers.of((UUID(int=2), "p", "k"))]
    for n in range(MAX_BREAKERS):
        breakers.of((UUID(int=n + 10), "q", "k"))
    assert breakers.of((UUID(int=1), "p", "k")) is not mine


def test_retries_are_a_share_of_calls() -> None:
    budget = Budget(share=0.1, most=2.0)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.call()
    assert [budget.take() for _ in range(2)] == [True, False]


@pytest.mark.parametrize("status", ["closed", "open"])
def test_asking_changes_nothing(status: str) -> None:
    breaker = opened() if status == "open" else Breaker()
    before = repr(breaker)
    breaker.allows(5.0)
    assert repr(breaker) == before


def test_a_call_that_began_before_it_opened_does_not_keep_it_open_longer() -> None:
    breaker = opened()
    breaker.failed(ProviderFailed(), 3.0)
    assert breaker.state(2.0 + OPEN_S) == "half_open" and breaker.open_s == OPEN_S
