"""What a running process is built of. `assemble.py` makes one; routes, jobs and sockets are handed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auricle.ai.port import ClinicalAI
    from auricle.billing.usage import UsageBook
    from auricle.channels.calls import Calls
    from auricle.channels.unsaved import Unsaved
    from auricle.db.sealed import Keyring
    from auricle.db.session import Database
    from auricle.identity.api_keys import Machines
    from auricle.identity.openid import OpenIdProvider
    from auricle.identity.presence import Presence
    from auricle.identity.revocation import Standing
    from auricle.knowledge.search import Knowledge
    from auricle.listening.relay import Relay
    from auricle.live.fanout import Fanout
    from auricle.phone.notices import Notices
    from auricle.phone.rest import CarrierRest
    from auricle.providers.accounts.lineups import OrganizationLineups
    from auricle.providers.routing import Router
    from auricle.settings import Settings
    from auricle.storage.objects import Objects


@dataclass(frozen=True, slots=True)
class Assembly:
    settings: Settings
    database: Database
    keyring: Keyring
    presence: Presence  # who is signed in, cached for a second
    machines: Machines  # the same for API keys
    standing: Standing  # tells live connections when their sign-in is over
    router: Router  # the only way to a provider
    lineups: OrganizationLineups  # whose providers are whose
    usage: UsageBook
    objects: Objects
    knowledge: Knowledge
    fanout: Fanout
    relay: Relay  # between live calls and the staff who listen in
    ai: ClinicalAI
    calls: Calls  # live voice sessions of this process
    unsaved: Unsaved  # turns that the database did not take in time
    carriers: CarrierRest  # the phone carriers' interfaces
    notices: Notices  # what callers hear first, spoken once and kept
    openid: OpenIdProvider  # sign-in with Google, where it is set up
    worker_url: str  # of the job queue's own role
