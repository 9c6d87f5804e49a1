"""A TCP balancer that knows nothing of health: the next connection goes to the next address, dead or not.

It can also go silent: it takes connections, reads, and never answers.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence

from auricle.db.postmaster import free_port


class Balancer:
    def __init__(self, ports: Sequence[int]) -> None:
        self.port = free_port()
        self.is_silent = False
        self._turn = itertools.cycle(ports)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def go_silent(self, is_silent: bool) -> None:
        """From now on; connections that are there fall silent, too."""
        self.is_silent = is_silent

    async def serve(self) -> None:
        server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)
        async with server:
            await server.serve_forever()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", next(self._turn))
        except OSError:
            writer.close()
            return
        both = [
            asyncio.create_task(self._carry(reader, back_writer)),
            asyncio.create_task(self._carry(back_reader, writer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for end in (writer, back_writer):
                end.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(65_536):
                while self.is_silent:
                    await asyncio.sleep(0.05)
                target.write(piece)
                await target.drain()


@contextlib.contextmanager
def balancing(ports: Sequence[int]) -> Iterator[Balancer]:
    """In a thread of its own, for the length of the block."""
    balancer = Balancer(ports)
    loop = asyncio.new_event_loop()
    serving = loop.create_task(balancer.serve())

    def run() -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=run, name="balancer")
    thread.start()
    try:
        yield balancer
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)
