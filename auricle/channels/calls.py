"""The live calls of this process: what they share, how many there may be, and how they end with it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Self

from auricle.channels.prepared import PreparedSpeech
from auricle.providers.routing import Router
from auricle.settings import Voice
from auricle.telemetry import CALLS, CALLS_REFUSED, LOOP_LAG
from auricle.voice.admission import Admission, Busy, LagMeter
from auricle.voice.vad import SharedVad


class Calls:
    """One voice-activity model, one set of prepared phrases and one admission for all calls of the process."""

    def __init__(self, settings: Voice) -> None:
        self.settings = settings
        self.prepared = PreparedSpeech()
        self.draining = False
        self._lag = LagMeter()
        self._admission = Admission(settings, lambda: self._lag.lag_s)
        self._vad: SharedVad | None = None

    @classmethod
    @asynccontextmanager
    async def started(cls, settings: Voice, router: Router) -> AsyncIterator[Self]:
        """Calls with the model loaded, the phrases spoken and the lag measured."""
        calls = cls(settings)
        with SharedVad() as vad:
            calls._vad = vad
            await calls.prepared.render(router)
            meter = asyncio.create_task(calls._lag.run())
            try:
                yield calls
            finally:
                calls.draining = True
                meter.cancel()
                with suppress(asyncio.CancelledError):
                    await meter

    @property
    def vad(self) -> SharedVad:
        assert self._vad is not None, "calls are not started"
        return self._vad

    @property
    def accepting(self) -> bool:
        try:
            self.check()
        except Busy:
            return False
        return True

    def check(self) -> None:
        """Raise `Busy` where a call started now would be refused."""
        LOOP_LAG.set(self._lag.lag_s)
        if self.draining:
            raise Busy(reason="stopping", retry_after_s=5)
        try:
            self._admission.check()
        except Busy as busy:
            CALLS_REFUSED.labels(reason=str(busy.context.get("reason", ""))).inc()
            raise

    @contextmanager
    def call(self) -> Iterator[None]:
        """Hold a line for the length of the block. Raises `Busy`."""
        self.check()
        with self._admission.call():
            CALLS.set(self._admission.calls)
            try:
                yield
            finally:
                CALLS.set(self._admission.calls - 1)
