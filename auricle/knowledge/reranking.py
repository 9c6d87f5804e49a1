"""Passages put in order by a provider, where an organization has one; never worse than without one."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from auricle.knowledge.store import Floats
from auricle.log import event
from auricle.providers.call import Call
from auricle.providers.ports import ProviderFailed
from auricle.providers.routing import Router

log = logging.getLogger(__name__)


class reranking:  # noqa: N801 - a function with state: the router it asks through
    """Scores texts through the organization's reranker, within `within_s` in all. Each attempt is metered."""

    def __init__(self, router: Router, within_s: float) -> None:
        self._router, self._within_s = router, within_s

    async def __call__(
        self, question: str, texts: Sequence[str], *, organization_id: UUID | None, patient_id: UUID | None = None
    ) -> Floats | None:
        if not await self._router.choices("rerank", organization_id):
            return None
        call = Call(organization_id, patient_id=patient_id, retries=0)
        try:
            async with asyncio.timeout(self._within_s):
                return (await self._router.rerank(call, question, texts)).scores
        except (ProviderFailed, TimeoutError) as error:
            event(log, "passages stay in our own order", logging.WARNING, error=type(error).__name__)
            return None
