"""What all of Deepgram's recognizers share: languages they know, terms they take, how they tell of errors."""

from collections.abc import Sequence
from typing import Any

from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused
from auricle.providers.refusals import vendor_code


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Their changelogs until 2026-10-08. Malayalam and Odia are in none.
TOGETHER = _codes("en es fr de hi ru pt ja it nl")  # at once, in `multi`
NOVA_3 = TOGETHER | _codes(
    "af ar be bg bn bs ca cs da el et fa fi gu he hr hu hy id ka kn ko lt lv mk mr ms ne no pa pl ro sk sl sr sv ta te "
    "th tl tr uk ur vi zh"
)
NOVA_2 = _codes("bg ca zh cs da nl en et fi fr de el hi hu id it ja ko lv lt ms no pl pt ro ru sk es sv th tr uk vi")

MOST_TERMS = 100
MOST_TOKENS = 500  # of all terms; above it a stream falls silent and is closed half a minute later


def base(language: str) -> str:
    return language.partition("-")[0].lower()


def known_to(model: str) -> frozenset[str] | None:
    """The languages of a recognizer; None for one of the owner's, which may know any."""
    if model.startswith("nova-3-medical") or model == "flux-general-multi":
        return TOGETHER
    if model.startswith("nova-3"):
        return NOVA_3
    if model == "flux-general-en" or (model.startswith("nova-2-") and model != "nova-2-general"):
        return frozenset({"en"})
    return NOVA_2 if model.startswith("nova-2") else None


def unknown_language(language: str, model: str) -> ProviderRefused:
    return ProviderRefused("This model does not know this language.", language=language, model=model)


def within_limits(terms: Sequence[str]) -> list[str]:
    """The first terms, as many as are taken. Their tokens are not ours to count, so they are guessed from above."""
    taken: list[str] = []
    tokens = 0
    for term in terms[:MOST_TERMS]:
        tokens += 1 + sum(1 if c.isascii() else 6 for c in term) // 3  # other scripts: two tokens a letter
        if tokens > MOST_TOKENS:
            break
        taken.append(term)
    return taken


def failure_of(message: dict[str, Any]) -> ProviderFailed:
    """The failure that an error message stands for. Its description is prose and stays behind."""
    code = vendor_code({"code": message.get("code") or message.get("variant")}) or ""
    upper = code.upper()
    if any(word in upper for word in ("TOO_MANY", "RATE", "CAPACITY", "OVERLOADED")):
        return ProviderBusy("The provider asks us to slow down.", vendor_code=code)
    if any(word in upper for word in ("SCHEMA", "UNPARS", "INVALID", "UNSUPPORTED", "BAD_REQUEST", "FORBIDDEN")):
        return ProviderRefused("The provider refuses our key or our request.", vendor_code=code)
    return ProviderFailed("The provider had an error of its own.", vendor_code=code)
