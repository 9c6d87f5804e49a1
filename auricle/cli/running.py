"""How a command runs that goes on until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def watched() -> bool:
    """Where another process of ours started us: end with it, whatever happens."""
    from auricle.parts import end_with_parent

    watcher = os.environ.get("AURICLE_WATCHER")
    if watcher is None:
        return False
    end_with_parent(int(watcher))
    return True


def until_signalled(run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine with a stop event that SIGTERM and SIGINT set."""

    async def whole() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    if os.name == "posix":
        import uvloop

        uvloop.run(whole())
    else:
        asyncio.run(whole())
