"""Several web processes on one port, one for each core: each admits calls by itself, one that dies is started again.

The kernel deals new connections out among them (SO_REUSEPORT). SIGTERM or Ctrl-C has all of them finish their calls and
refuse new ones; a second one cuts the calls off. SIGHUP replaces them one after another, without a call lost.
"""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from auricle.parts import ORPHAN_S, Part, check_port
from auricle.serving import DRAIN_TOGETHER, FAREWELL_S
from auricle.settings import Settings

LOOK_S = 0.2
BETWEEN_S = 2.0  # a new process is loading; the one it replaces goes on meanwhile


class Supervisor:
    def __init__(self, role: str, settings: Settings, count: int, say: Callable[[str], None]) -> None:
        environment = {
            **os.environ,
            "AURICLE_HOST": settings.host,
            "AURICLE_PORT": str(settings.port),
            "AURICLE_SHARED_PORT": "1",
            "AURICLE_WATCHER": str(os.getpid()),
            "OMP_NUM_THREADS": "1",
        }
        self._settings, self._say = settings, say
        self._parts = [Part(role, environment) for _ in range(count)]
        self._leaving: list[Part] = []  # replaced, with calls that still run
        self._told_to_stop = 0
        self._told_to_replace = False

    def run(self, *, watched: bool) -> None:
        """Watch until told to stop, then until the last call is over."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN if watched else self._stop)
        signal.signal(signal.SIGHUP, self._replace)
        for part in self._parts:
            part.start()
        try:
            while not self._told_to_stop:
                time.sleep(LOOK_S)
                self._look()
            self._drain()
        finally:
            for part in self._everyone():
                part.stop(ORPHAN_S)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._told_to_stop += 1

    def _replace(self, number: int, frame: FrameType | None) -> None:
        self._told_to_replace = True

    def _everyone(self) -> list[Part]:
        return [*self._parts, *self._leaving]

    def _look(self) -> None:
        self._leaving = [part for part in self._leaving if not part.ended()]
        if self._told_to_replace:
            self._told_to_replace = False
            self._replace_all()
        for part in self._parts:
            if part.ended():
                self._say(f"a {part.role} process ended and is started again")
                part.start()

    def _replace_all(self) -> None:
        """A new process for each; the old one leaves the port and finishes its calls."""
        for place, old in enumerate(self._parts):
            new = Part(old.role, old.environment)
            new.start()
            self._parts[place] = new
            time.sleep(BETWEEN_S)
            old.tell(signal.SIGTERM)
            self._leaving.append(old)

    def _drain(self) -> None:
        for part in self._parts:
            part.tell(DRAIN_TOGETHER or signal.SIGTERM)
        until = time.monotonic() + self._settings.voice.drain_s + FAREWELL_S + ORPHAN_S
        while self._told_to_stop < 2 and time.monotonic() < until:
            if all(part.ended() for part in self._everyone()):
                return
            time.sleep(LOOK_S)


def supervise(role: str, settings: Settings, count: int, say: Callable[[str], None], *, watched: bool) -> None:
    """Run so many processes of a role until told to stop."""
    check_port(settings.host, settings.port)
    Supervisor(role, settings, count, say).run(watched=watched)
