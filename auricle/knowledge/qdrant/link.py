"""The connection to Qdrant: every request bounded in time, every failure ours, and remembered for some seconds."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qdrant_client import AsyncQdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from auricle.errors import Unavailable
from auricle.log import event
from auricle.settings import Qdrant

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0  # after a failure no search waits for it for so long
WRITING_S = 30.0  # nobody waits for what a job writes, and making a collection in a cluster takes its time
REFUSED = frozenset({401, 403})


class VectorsAway(Unavailable):
    """Where the vectors of the knowledge are kept does not answer now."""

    code = "knowledge.vectors_away"


class VectorsRefused(VectorsAway):
    """Where the vectors of the knowledge are kept refuses our key."""

    code = "knowledge.vectors_refused"
    retryable = False


class Link:
    """A client, and whether it was answered last time.

    Args:
        timeout_s: of reading.
        writing_s: of writing.
    """

    def __init__(self, client: AsyncQdrantClient, timeout_s: float, writing_s: float = WRITING_S) -> None:
        self.client = client
        self.failures = 0  # whoever knows something of the server asks anew when this has moved
        self._timeout_s, self._writing_s = timeout_s, writing_s
        self._away_until = 0.0
        self._failed: type[VectorsAway] | None = None

    @property
    def seconds(self) -> int:
        """What the server is told to take at the most for a read."""
        return max(1, round(self._timeout_s))

    async def state(self) -> str:
        """`ok`, or the code of what is wrong; asked, unless it was away some seconds ago."""
        try:
            async with self.asked(is_read=True):
                await self.client.get_collections()
        except VectorsAway as error:
            return error.code
        return "ok"

    @asynccontextmanager
    async def asked(self, *, is_read: bool = False) -> AsyncIterator[None]:
        """Around one request, or some that belong together.

        Args:
            is_read: somebody may wait for it. Fail soon, and at once while it is known to be away.

        Raises:
            VectorsAway: in the place of whatever failed, without the other side's words.
        """
        if is_read and self._failed is not None and time.monotonic() < self._away_until:
            raise self._failed
        try:
            async with asyncio.timeout(self._timeout_s if is_read else self._writing_s):
                yield
        except (ApiException, QdrantException, OSError, TimeoutError) as error:
            status = error.status_code if isinstance(error, UnexpectedResponse) else None
            raise self._fail(VectorsRefused if status in REFUSED else VectorsAway) from None
        if self._failed is not None:
            event(log, "the vectors of the knowledge are back")
            self._failed = None

    def _fail(self, failed: type[VectorsAway]) -> VectorsAway:
        if self._failed is not failed:
            event(log, "the vectors of the knowledge are away", logging.WARNING, error_code=failed.code)
        self.failures += 1
        self._failed, self._away_until = failed, time.monotonic() + LOOK_AGAIN_S
        return failed()


def connected(settings: Qdrant) -> Link:
    """To the server of the settings, which is not asked yet."""
    assert settings.url is not None
    key = settings.key.get_secret_value() if settings.key else None
    longest = round(max(settings.timeout_s, WRITING_S))
    client = AsyncQdrantClient(url=settings.url, api_key=key, timeout=longest, check_compatibility=False)
    return Link(client, settings.timeout_s)
