"""What a running process is built of. `assemble.py` makes one; routes, jobs and sockets are handed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from auricle.ai.port import ClinicalAI
    from auricle.billing.usage import UsageBook
    from auricle.channels.calls import Calls
    from auricle.db.sealed import Keyring
    from auricle.db.session import Database
    from auricle.identity.presence import Presence
    from auricle.live.fanout import Fanout
    from auricle.providers.routing import Router
    from auricle.settings import Settings
    from auricle.storage.objects import Objects


@dataclass(frozen=True, slots=True)
class Assembly:
    settings: Settings
    database: Database
    keyring: Keyring
    presence: Presence  # who is signed in, cached for a second
    router: Router  # the only way to a provider
    usage: UsageBook
    objects: Objects
    fanout: Fanout
    ai: ClinicalAI
    calls: Calls  # live voice sessions of this process

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], organization_id: UUID | None
    ) -> NDArray[np.float32]:
        """Embed with the organization's embedder (the offline one unless configured). No transaction may be open."""
        from auricle.providers.embedding import embed

        return await embed(self.router, texts, task=task, organization_id=organization_id)
