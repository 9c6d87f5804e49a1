"""An event loop whose clock jumps to the next timer when nothing else is to be done.

A conversation of a minute then takes as long as its arithmetic. Work in threads (the VAD) takes no virtual time.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        selector = selectors.DefaultSelector()
        super().__init__(selector)
        self._virtual_s = 0.0
        self._threads_at_work = 0
        self._real_select = selector.select
        selector.select = self._select  # type: ignore[method-assign]

    def time(self) -> float:
        return self._virtual_s

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._threads_at_work += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: object) -> None:
        self._threads_at_work -= 1

    def _select(self, timeout: float | None = None) -> Any:
        if self._threads_at_work:
            return self._real_select(10.0 if timeout is None or timeout > 0 else 0)
        if timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        if timeout > 0:
            self._virtual_s += timeout
        return self._real_select(0)


def in_virtual_time(scenario: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario)
