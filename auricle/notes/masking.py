"""Keep a note's masks consistent when a person writes into it: what was revealed to them is masked again."""

from collections.abc import Mapping, Sequence

from auricle.ai.port import ClinicalAI, Known, Utterance
from auricle.ai.privacy.mask import unmask
from auricle.ai.tokens import MASK
from auricle.errors import AuricleError


class NotMasked(AuricleError):
    """The AI's answer does not belong to the text it was to mask."""

    status, code, title = 502, "note.not_masked", "Not masked"


async def mask_edited(
    ai: ClinicalAI, texts: Sequence[str], known: Known, masks: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Mask edited texts with the note's own masks, adding masks for identifiers that are new to it.

    Returns:
        The texts, masked, in order; and the note's masks with the new ones.
    """
    if not texts:
        return [], dict(masks)
    clear = [Utterance(id=str(n), speaker="document", text=unmask(text, masks)) for n, text in enumerate(texts)]
    masked = await ai.mask(clear, also_known(known, masks))
    if [u.id for u in masked.utterances] != [u.id for u in clear]:
        raise NotMasked
    typed = {mask for u in clear for mask in MASK.findall(u.text)}
    grown, own = dict(masks), {folded(original): mask for mask, original in masks.items()}
    renamed: dict[str, str] = {}
    for mask, original in masked.originals.items():
        renamed[mask] = own.get(folded(original)) or unused(kind_of(mask), grown.keys() | typed)
        grown.setdefault(renamed[mask], original)
    return [MASK.sub(lambda m: renamed.get(m[0], m[0]), u.text) for u in masked.utterances], grown


def also_known(known: Known, masks: Mapping[str, str]) -> Known:
    """What was masked before is known now, whatever cue it was found by."""
    by_kind: dict[str, list[str]] = {}
    for mask, original in masks.items():
        by_kind.setdefault(kind_of(mask), []).append(original)
    places = [place for kind in ("ADDRESS", "LOCATION", "ORGANIZATION") for place in by_kind.get(kind, ())]
    return known.model_copy(
        update={
            "names": [*known.names, *by_kind.get("PERSON", ())],
            "phones": [*known.phones, *by_kind.get("PHONE", ())],
            "emails": [*known.emails, *by_kind.get("EMAIL", ())],
            "record_numbers": [*known.record_numbers, *by_kind.get("MRN", ())],
            "addresses": [*known.addresses, *places],
        }
    )


def kind_of(mask: str) -> str:
    return mask.strip("[]").rpartition("_")[0]


def folded(original: str) -> str:
    return " ".join(original.casefold().split())


def unused(kind: str, taken: set[str]) -> str:
    number = 1
    while f"[{kind}_{number}]" in taken:
        number += 1
    return f"[{kind}_{number}]"
