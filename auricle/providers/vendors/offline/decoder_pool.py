"""A bounded set of recogniser processes, lent out for one utterance at a time."""

import asyncio
import contextlib
import json
import logging
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.log import event
from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderTimeout

log = logging.getLogger("auricle.providers.offline")

Words = Sequence[tuple[str, str]]  # word, ARPAbet phones

PROGRAM = Path(__file__).with_name("decoder_process.py")
START_S = 60.0  # loading takes 0.6 s on an idle machine, several on a loaded one
FINAL_S = 20.0
WAIT_FOR_FREE_S = 3.0
STOP_S = 2.0


class RecogniserDied(ProviderFailed):
    """A recogniser process ended in the middle of its work."""

    code = "provider.offline.recogniser_died"


class Decoder:
    """One recogniser process, as its borrower sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._utterance_id = 0
        self._on_partial: Callable[[str], None] | None = None
        self._final: asyncio.Future[tuple[str, str | None]] | None = None
        self._reading = asyncio.create_task(self._read(), name="offline-recogniser")

    @classmethod
    async def start(cls, config: Mapping[str, Any], words: Words) -> "Decoder":
        # A session of its own: Ctrl-C in a terminal reaches us alone, and we decide when it ends.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(PROGRAM), json.dumps({"config": dict(config), "words": words})),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                line = await process.stdout.readline()
        except BaseException as failure:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            if isinstance(failure, TimeoutError):
                raise ProviderTimeout("The offline recogniser did not start in time.") from failure
            raise
        if not line:
            await process.wait()
            raise RecogniserDied("The offline recogniser could not load its model.")
        return cls(process)

    @property
    def alive(self) -> bool:
        return not self._reading.done() and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def begin(self, words: Words, cmn: str | None, on_partial: Callable[[str], None]) -> None:
        self._utterance_id += 1
        self._on_partial = on_partial
        self._final = asyncio.get_running_loop().create_future()
        start = {"id": self._utterance_id, "cmn": cmn, "words": words}
        await self._send(b"S", json.dumps(start).encode())

    async def hear(self, pcm: bytes) -> None:
        await self._send(b"A", pcm)

    async def finish(self) -> tuple[str, str | None]:
        """The final text of the utterance, and the caller's cepstral mean."""
        assert self._final is not None, "finish() without begin()"
        await self._send(b"E")
        try:
            async with asyncio.timeout(FINAL_S):
                return await self._final
        except TimeoutError as late:
            raise ProviderTimeout("The offline recogniser did not finish in time.") from late
        finally:
            self._on_partial = self._final = None

    def forget(self) -> None:
        """Drop the open utterance; whatever is still said about it is ignored."""
        self._utterance_id += 1
        self._on_partial = self._final = None
        if self.alive and self._process.stdin is not None:
            self._process.stdin.write(struct.pack("<cI", b"X", 0))

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), STOP_S)
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _send(self, kind: bytes, body: bytes = b"") -> None:
        if not self.alive or self._process.stdin is None:
            raise RecogniserDied()
        self._process.stdin.write(struct.pack("<cI", kind, len(body)) + body)
        try:
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as gone:
            raise RecogniserDied() from gone

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self._take(json.loads(line))
        finally:
            if self._final is not None and not self._final.done():
                self._final.set_exception(RecogniserDied())
                self._final.exception()  # seen, in case nobody is left to ask

    def _take(self, message: dict[str, Any]) -> None:
        if message["id"] != self._utterance_id:
            return
        if "partial" in message and self._on_partial is not None:
            self._on_partial(message["partial"])
        elif "final" in message and self._final is not None and not self._final.done():
            self._final.set_result((message["final"], message["cmn"]))


class DecoderPool:
    """At most `size` recogniser processes; a dead one is replaced at the next need."""

    def __init__(self, size: int, config: Mapping[str, Any], words: Words) -> None:
        self._config = config
        self._words = words
        self._slots = asyncio.Semaphore(size)
        self._size = size
        self._free: list[Decoder] = []
        self._lent: set[Decoder] = set()

    async def warm(self, count: int) -> None:
        """Start processes ahead of the first caller."""
        missing = min(count, self._size) - len(self._free) - len(self._lent)
        taken = [await self.take() for _ in range(max(0, missing))]
        for decoder in taken:
            await self.give_back(decoder)

    async def take(self) -> Decoder:
        """Borrow a decoder for one utterance; `ProviderBusy` when all are at work for too long."""
        try:
            await asyncio.wait_for(self._slots.acquire(), WAIT_FOR_FREE_S)
        except TimeoutError as busy:
            raise ProviderBusy("Every offline recogniser is busy.") from busy
        try:
            decoder = await self._live_one()
        except BaseException:
            self._slots.release()
            raise
        self._lent.add(decoder)
        return decoder

    async def give_back(self, decoder: Decoder) -> None:
        self._lent.discard(decoder)
        self._slots.release()
        if decoder.alive:
            self._free.append(decoder)
        else:
            event(log, "recogniser process lost", logging.WARNING, pid=decoder.pid)
            await decoder.stop()

    async def aclose(self) -> None:
        everyone = [*self._free, *self._lent]
        self._free.clear()
        await asyncio.gather(*(decoder.stop() for decoder in everyone))

    async def _live_one(self) -> Decoder:
        while self._free:
            decoder = self._free.pop()
            if decoder.alive:
                return decoder
            event(log, "recogniser process lost", logging.WARNING, pid=decoder.pid)
            await decoder.stop()
        return await Decoder.start(self._config, self._words)
