"""What a caller tells the router about one call, and what the router tells about who served it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from auricle.providers.ports import ProviderFailed, ProviderGarbled, ProviderRefused, Usage
from auricle.settings import Timeouts


class NoProvider(ProviderFailed):
    """No provider of the list can take this call now."""

    code = "provider.none_left"


class Withheld(ProviderRefused):
    """The organization does not allow this to leave the installation."""

    code = "provider.withheld"


class NotMasked(Withheld):
    """This could not be masked, so it is not sent: the organization lets nothing unmasked go to this provider."""

    code = "provider.not_masked"


class SpeechWithheld(Withheld):
    """The organization lets speech go to its own recognizers and voices only, and none of the list is one."""

    code = "provider.speech_withheld"


class MaskLost(ProviderGarbled):
    """A provider did not give back what stood for names: its answer can't be used."""

    code = "provider.mask_lost"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of an agent's provider list, in order of preference. `None` means the account's own default."""

    provider: str
    model: str | None = None
    voice: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """For whom a provider is called, and which ones may serve. `organization_id` None is the installation itself.

    `choices` None: those of the organization, in its own order, else in the installation's.
    """

    organization_id: UUID | None
    choices: Sequence[Choice] | None = None
    language: str = "en"
    consultation_id: UUID | None = None
    session_id: UUID | None = None
    agent_id: UUID | None = None
    note_id: UUID | None = None  # of the note that is written or judged
    timeouts: Timeouts | None = None  # the router's own where None
    retries: int = 1  # of the last provider in the list; the others are followed by the next one at once
    is_check: bool = False  # a health check asks no circuit breaker
    may_hedge: bool = True  # whether the next of the list may be asked beside one that is slow to begin
    may_name: bool = False  # whether a recognizer that is not on this machine may be told who the patient is
    patient_id: UUID | None = None  # whom it is about, where it is about no consultation


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves from here on. Comes before the first event, and again where a stream moved to another provider."""

    provider: str
    model: str | None
    attempt: int


def named_once(served: Sequence[Served], one: Served) -> tuple[Served, ...]:
    """Who has served, with one more unless it is the same provider and model as one of them."""
    is_new = all((one.provider, one.model) != (other.provider, other.model) for other in served)
    return (*served, one) if is_new else tuple(served)


@dataclass(frozen=True, slots=True)
class Embedded:
    vectors: NDArray[np.float32]  # [n, dimension], L2-normalised
    usage: Usage
    served: Served
