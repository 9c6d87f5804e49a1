"""Keeps the agent from stating a dose or a diagnosis as certain: a last look at every sentence before it is spoken.

Pattern-based and conservative: what quotes the patient, a prescription or the given knowledge passes, a dose that the
agent itself recommends is replaced, a diagnosis is made a possibility. Rules by language in `claims.yaml`.
"""

import functools
import importlib.resources
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import yaml

# Joiners go; Malayalam chillu letters become letter and virama: the older spelling without its joiner.
_SPELLING = str.maketrans({"\u200c": "", "\u200d": "", "ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്"})


@dataclass(frozen=True, slots=True)
class Checked:
    """`text` is what may be said; `claim` names what was found in the sentence as it came."""

    text: str
    claim: Literal["dose", "diagnosis"] | None


@dataclass(frozen=True, slots=True)
class Rules:
    dose: re.Pattern[str]
    attributed: re.Pattern[str]
    diagnosis: re.Pattern[str]
    hedged: re.Pattern[str]
    instead_of_dose: str
    instead_of_diagnosis: str


@functools.cache
def _rules() -> dict[str, Rules]:
    text = (importlib.resources.files("auricle.safety") / "claims.yaml").read_text("utf-8")
    return {language: _compiled(source) for language, source in yaml.safe_load(text).items()}


def _compiled(source: dict[str, str]) -> Rules:
    parts = {name: source[name].strip() for name in ("number", "unit", "take", "condition")}

    def pattern(name: str) -> re.Pattern[str]:
        written = _one_spelling(source[name].strip())
        for part, value in parts.items():
            written = written.replace(f"<{part}>", f"(?:{_one_spelling(value)})")
        return re.compile(written, re.IGNORECASE | re.VERBOSE)

    return Rules(pattern("dose"), pattern("attributed"), pattern("diagnosis"), pattern("hedged"),
                 source["instead_of_dose"].strip(), source["instead_of_diagnosis"].strip())  # fmt: skip


def _one_spelling(text: str) -> str:
    """Models write either of two spellings."""
    return unicodedata.normalize("NFC", text).translate(_SPELLING)


def check_claim(sentence: str, language: str, before: str = "") -> Checked:
    """Look at one sentence of the agent, or at a piece of one. Questions claim nothing; English rules hold everywhere.

    Args:
        before: what of the same sentence was said already. A dose may be cut in two, and who it is of stand in front;
            that somebody doubted something else in front makes no diagnosis doubtful.
    """
    if sentence.rstrip().endswith(("?", "؟")):
        return Checked(sentence, None)
    piece = _one_spelling(sentence)
    whole = f"{_one_spelling(before)} {piece}" if before else piece
    own = _rules().get(language.split("-")[0].lower())
    for rules in filter(None, (own, _rules()["en"])):
        say = own or rules
        if rules.dose.search(whole) and not rules.attributed.search(whole):
            return Checked(say.instead_of_dose, "dose")
        for said in (piece, whole):
            if rules.diagnosis.search(said) and not rules.hedged.search(said):
                return Checked(say.instead_of_diagnosis, "diagnosis")
    return Checked(sentence, None)


def guard(sentence: str, language: str, before: str = "") -> str:
    """What may be said in the place of this sentence, or piece of one."""
    return check_claim(sentence, language, before).text
