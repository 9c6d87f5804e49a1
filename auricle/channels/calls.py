"""The live calls of this process: what they share, how many there may be, and how they end with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Self

from auricle.channels.in_order import InOrder
from auricle.channels.lines import Lines
from auricle.channels.prepared import PreparedSpeech
from auricle.log import event
from auricle.providers.routing import Router
from auricle.safety.redflags import default_watch
from auricle.settings import Voice
from auricle.telemetry import CALLS, CALLS_REFUSED, LOOP_LAG
from auricle.voice.admission import Admission, Busy, LagMeter, rated_calls
from auricle.voice.trivial import trivial_kind
from auricle.voice.turn import TurnModel
from auricle.voice.turn_model import SmartTurn
from auricle.voice.vad import SharedVad

log = logging.getLogger(__name__)


class Calls:
    """One voice-activity model, one set of prepared phrases and one admission for all calls of the process."""

    def __init__(self, settings: Voice, *, elsewhere: bool = False) -> None:
        """`elsewhere`: other processes hold the calls, and this one can't tell whether they have room."""
        self.settings = settings
        self._elsewhere = elsewhere
        self.prepared = PreparedSpeech()
        self.draining = False
        self.lines, self.in_order = Lines(), InOrder()
        self.decoding = asyncio.Semaphore(2)  # sound files read at once, in threads
        self._lag = LagMeter()
        self._admission = self._admitting(settings.max_calls or 0)
        self._vad: SharedVad | None = None
        self.turn_model: TurnModel | None = None
        self._dismissals: set[Callable[[], None]] = set()

    def _admitting(self, calls: int) -> Admission:
        return Admission(calls, self.settings.max_lag_s, lambda: self._lag.lag_s)

    @classmethod
    @asynccontextmanager
    async def started(cls, settings: Voice, router: Router) -> AsyncIterator[Self]:
        """Calls with the model loaded, the phrases spoken and the lag measured."""
        calls = cls(settings)
        with SharedVad() as vad, _turn_model(settings) as calls.turn_model:
            calls._vad = vad
            if settings.max_calls is None:
                rated = rated_calls(vad.frame_cpu_s())
                event(log, "rated this core", count=rated)
                calls._admission = calls._admitting(rated)
            await asyncio.to_thread(default_watch)  # a second of work that no first patient shall wait for
            await asyncio.to_thread(trivial_kind, "ok", "en")  # nor for the reading of the lists
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
    def count(self) -> int:
        """Calls that hold a line now."""
        return self._admission.calls

    @contextmanager
    def dismissing(self, dismiss: Callable[[], None]) -> Iterator[None]:
        """For the length of the block: `dismiss` is how this call is ended, politely, when the process must stop."""
        self._dismissals.add(dismiss)
        try:
            yield
        finally:
            self._dismissals.discard(dismiss)

    def dismiss(self) -> None:
        """End all calls: each says its last words and stores what was said."""
        for dismiss in tuple(self._dismissals):
            dismiss()

    @property
    def accepting(self) -> bool:
        try:
            self.check_offer()
        except Busy:
            return False
        return True

    def check(self) -> None:
        """Raise `Busy` where a call started now would be refused."""
        LOOP_LAG.set(self._lag.lag_s)
        if self.draining:
            raise Busy(reason="stopping", retry_after_s=5)
        if self._elsewhere:
            raise Busy("Calls are held at another address of this installation.", reason="elsewhere")
        try:
            self._admission.check()
        except Busy as busy:
            CALLS_REFUSED.labels(reason=str(busy.context.get("reason", ""))).inc()
            raise

    def check_offer(self) -> None:
        """Raise `Busy` where a ticket given now would open no call, as far as this process can tell."""
        if self.draining or not self._elsewhere:
            self.check()

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


def _turn_model(settings: Voice) -> AbstractContextManager[TurnModel | None]:
    """Raises `Misconfigured` for a file that is none."""
    return SmartTurn(settings.turn_model) if settings.turn_model else nullcontext()
