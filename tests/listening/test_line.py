"""Onlookers who come and go, and what their coming costs the call."""

import asyncio
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
        self.taken = False

    def add_tap(self, tap: Tap) -> None:
        self.taps.append(tap)

    def remove_tap(self, tap: Tap) -> None:
        self.taps.remove(tap)

    def take_over(self) -> None:
        self.taken = True

    def release(self) -> None:
        self.taken = False


async def test_a_frozen_database_does_not_leave_a_vanished_onlooker_in_charge(monkeypatch: Any) -> None:
    monkeypatch.setattr(listening, "LOOK_S", 0.01)
    session, frozen = Session(), asyncio.Event()

    async def hangs(*_: object) -> bool:
        return await frozen.wait()

    assembly: Any = SimpleNamespace(relay=SimpleNamespace(send=hangs))
    talk: Any = SimpleNamespace(actor=Actor.system(uuid4()), session_id=uuid4(), patient_id=uuid4())
    line = listening.Line(assembly, session, talk, 16_000)  # type: ignore[arg-type]
    monkeypatch.setattr(line, "_key", hangs)
    staff = uuid4()
    line._listened(staff)
    line._in_charge = staff
    session.take_over()
    monkeypatch.setattr(listening, "LEASE_S", -1.0)
    tasks = [asyncio.create_task(work()) for work in (line.run, line.watch_leases)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    assert not session.taken and session.taps == []


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
