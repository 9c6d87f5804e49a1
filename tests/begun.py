"""The tasks that a block begins, told apart from those of services that other tests keep running on the same loop."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Tasks = set[asyncio.Task[Any]]
_mine: ContextVar[Tasks | None] = ContextVar("mine", default=None)


@contextmanager
def tasks_begun() -> Iterator[Callable[[], Tasks]]:
    """Gives what to ask for those begun in the block, by it or by whom it called, that have not ended.

    Whoever begins a task hands their context on to it: a mark in there tells whose it is.
    """
    begun: Tasks = set()
    asyncio.get_running_loop().set_task_factory(_noting)
    _mine.set(begun)
    try:
        yield lambda: {task for task in begun - {asyncio.current_task()} if not task.done() and not emulates(task)}
    finally:
        _mine.set(None)


def emulates(task: asyncio.Task[Any]) -> bool:
    """Whether a task is an emulator's: it keeps one for each connection, which may stay a while."""
    return "uvicorn" in repr(task)


def _noting(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **more: Any
) -> asyncio.Task[Any]:
    task = asyncio.Task(coro, loop=loop, **more)
    if (begun := _mine.get()) is not None:
        begun.add(task)
    return task
