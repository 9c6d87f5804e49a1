"""What an organization says about masking, as the router needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from auricle.providers.account import Account

Mode = Literal["off", "text", "all"]
Passing = Literal["DATE", "AGE", "LOCATION", "ORGANIZATION", "URL"]


@dataclass(frozen=True, slots=True)
class Masking:
    """`text`: what identifies a person is masked in every text for a provider that is not the organization's own.
    `all`: besides, speech is recognized and spoken by its own only.

    `passes` are kinds that may leave in clear unless they are known to be the patient's. `own_servers` are accounts
    that the organization calls its own: name → scheme, host and port at which it said so.
    """

    mode: Mode = "off"
    passes: frozenset[str] = frozenset()
    own_servers: Mapping[str, str] = field(default_factory=dict)

    def is_own(self, account: Account) -> bool:
        """Whether what reaches this account stays with the organization. One that has moved since does not."""
        return account.is_local or (account.origin is not None and self.own_servers.get(account.name) == account.origin)

    def covers(self, account: Account) -> bool:
        """Whether texts for this account must be masked."""
        return self.mode != "off" and not self.is_own(account)


OFF = Masking()
