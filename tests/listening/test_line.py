"""Onlookers who come and go, and what their coming costs the call."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from auricle.actor import Actor
from auricle.listening import line as listening
from auricle.listening.relay import Kind
from auricle.voice.ports import Tap


class Session:
    def __init__(self) -> None:
        self.taps: list[Tap] = []

    def add_tap(self, tap: Tap) -> None:
        self.taps.append(tap)

    def remove_tap(self, tap: Tap) -> None:
        self.taps.remove(tap)


async def test_who_comes_back_after_an_hour_is_not_told_the_hour_between(monkeypatch: Any) -> None:
    session: Any = Session()
    talk: Any = SimpleNamespace(actor=Actor.system(uuid4()), session_id=uuid4(), patient_id=uuid4())
    line = listening.Line(SimpleNamespace(), session, talk, 16_000)  # type: ignore[arg-type]
    line._listened(uuid4())
    session.taps[0].heard(bytes(32_000), 10.0)
    monkeypatch.setattr(listening, "LEASE_S", -1.0)
    line._forget_silent()
    assert session.taps == []
    line._outgoing.clear()
    line._listened(uuid4())
    session.taps[0].heard(bytes(32_000), 3_600.0)
    assert 0 < sum(kind is Kind.SOUND for kind, _ in line._outgoing) < 10
