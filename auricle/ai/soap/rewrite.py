"""From what was said to what a note says: the first person into the third, talk into findings and orders.

Facts are never touched. The clinician, whose note it is, stays "I".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auricle.ai.port import Utterance
from auricle.ai.soap.speech import clean, figures, lowered, sentence, whole
from auricle.ai.soap.verbs import ADVERBS, singular, without_emphasis, written_out
from auricle.ai.tokens import words


@dataclass(frozen=True, slots=True)
class Pronouns:
    """How the patient is called after the first mention."""

    subject: str
    object: str
    possessive: str
    reflexive: str


THEY = Pronouns("they", "them", "their", "themselves")
HE = Pronouns("he", "him", "his", "himself")
SHE = Pronouns("she", "her", "her", "herself")
_INTRODUCED = re.compile(
    r"\b(?:year|yr)s?[\s-]+old,?\s+(?:[\w-]+\s+){0,3}?(?:(male|man|gentleman|boy)|(female|woman|lady|girl))\b", re.I
)
_FAMILY = re.compile(r"\b(?:my|your|his|her|the patient's)\s+\w+\s+(?:is|was)\b", re.I)
_WE = {"we": "they", "our": "their", "us": "them", "ours": "theirs", "ourselves": "themselves"}
_BEFORE_SUBJECT = frozenset(
    words(
        "that if when because and but so think where since as while what how before after until unless like "
        "whether although believe know sure hope see say says said though why whenever once"
    )
)
_ASKED_BEFORE = frozenset(words("do did does have are can will would could should were was has had"))
_VERBS_AFTER = frozenset(
    words(
        "are have do can could will would were should need want get feel see notice had may might must start take "
        "know was did don't go think also just still currently already continue look seem stop use experience "
        "develop"
    )
)
_PLURAL_ONLY = {"am": "are", "was": "were", "i": ""}


def pronouns_of(utterances: Sequence[Utterance]) -> Pronouns:
    """ "…is a 58-year-old male": as the clinician or a document introduces the patient; "they" where nobody does."""
    for utterance in utterances:
        if utterance.speaker in {"clinician", "document"}:
            match = _INTRODUCED.search(utterance.text)
            if match and not _FAMILY.search(utterance.text[max(0, match.start() - 40) : match.start()]):
                return HE if match[1] else SHE
    return THEY


def third_person(text: str, who: Pronouns = THEY) -> str:
    """The patient's words about themselves: "i have ringing in my ear" → "Patient has ringing in their ear."."""
    parts = without_emphasis(figures(written_out(whole(clean(text))))).split()
    if not parts:
        return ""
    first = next((i for i, word in enumerate(parts[:4]) if word.lower().strip(",") == "i"), None)
    rewritten = list(parts)
    for index, word in enumerate(parts):
        bare = word.strip(",.;").lower()
        tail = word[len(word.rstrip(",.;")) :]
        if bare == "i":
            subject = who.subject if index != first else "the patient" if index else "patient"
            rewritten[index] = subject + tail
            _agree(rewritten, index + 1, plural=subject == "they")
        elif bare in (own := _own(who)):
            rewritten[index] = own[bare] + tail
        elif bare == "am" and rewritten[index] == word:
            rewritten[index] = "are" + tail if who is THEY else "is" + tail
    told = " ".join(rewritten)
    return sentence(told if first is not None else f"Reports {lowered(told)}")


def as_patients(text: str, who: Pronouns) -> str:
    """ "the inside of my knee" → "the inside of their knee"."""
    own = _own(who)
    return " ".join(own.get(word.lower(), word) for word in figures(written_out(text)).split())


def _own(who: Pronouns) -> dict[str, str]:
    return {"my": who.possessive, "me": who.object, "mine": "theirs", "myself": who.reflexive} | _WE


def _agree(parts: list[str], at: int, *, plural: bool) -> None:
    """Put the verb at or soon after `at` into the third person."""
    while at < len(parts) and parts[at].lower().strip(",") in ADVERBS:
        at += 1
    if at < len(parts):
        bare = parts[at].rstrip(",.;")
        tail = parts[at][len(bare) :]
        parts[at] = (_PLURAL_ONLY.get(bare.lower(), bare) if plural else singular(bare)) + tail
        joined = at + 2 < len(parts) and parts[at + 1].lower() in {"and", "or"} and not plural
        if joined and parts[at + 2].lower() in _JOINED_VERBS:
            parts[at + 2] = singular(parts[at + 2])


_JOINED_VERBS = frozenset(words("get take go feel have do use eat drink walk try sit stand lie wake work"))


_AS_KNOWN = re.compile(
    r"^(?:(?:now|then|lastly|so|and|well),? )*i (?:know|understand|remember|see)(?: here)?(?: that)? (?=(?:you"
    r"|your|the|we|she|he|it|they|there)\b)",
    re.I,
)


def about_patient(text: str, who: Pronouns = THEY, mentioned: bool = False) -> str:
    """The clinician's words to the patient, as a note says them."""
    said = _AS_KNOWN.sub("", written_out(whole(clean(text))))
    parts = without_emphasis(figures(said)).split()
    if parts and parts[0].lower() == "your":
        parts, mentioned = parts[1:], True
    rewritten = list(parts)
    for index, word in enumerate(parts):
        bare = word.strip(",.;").lower()
        tail = word[len(word.rstrip(",.;")) :]
        if bare == "you":
            subject = _is_subject(parts, index)
            name = "patient" if not mentioned else who.subject if subject else who.object
            rewritten[index] = ("the " if not mentioned and index else "") + name + tail
            asked = index > 0 and parts[index - 1].lower() in _ASKED_BEFORE
            if subject and not asked:
                _agree(rewritten, index + 1, plural=name == "they")
            mentioned = True
        elif bare in {"your", "yours", "yourself"}:
            possessive = who.possessive if mentioned else "the patient's"
            rewritten[index] = (who.reflexive if bare == "yourself" else possessive) + tail
            mentioned = True
    return sentence(" ".join(rewritten))


def _is_subject(parts: Sequence[str], index: int) -> bool:
    before = parts[index - 1].lower().strip(",") if index else ""
    after = parts[index + 1].lower().strip(",") if index + 1 < len(parts) else ""
    if not after:
        return not index
    started = not index or parts[index - 1].endswith(",") or before in _BEFORE_SUBJECT
    return (started or after in _VERBS_AFTER) and before not in {"to", "for", "with", "give", "of", "put", "get", "let"}


_PROBLEM = re.compile(
    r"^(?:(?:now|then|lastly|so|and),? )*(?:in terms of|as far as|with respect to|with regards? to|as for"
    r"|regarding|for)"
    r" (?:the|your|his|her|my) (?:(?:first|second|third|fourth|fifth|next|last|other|final) "
    r"(?:problem|issue|diagnosis|concern|complaint)s?(?: is| of)?,? ?(?:(?:your|the|of) )?)?"
    r"(?P<what>(?!(?:first|second|third|fourth|fifth|next|last|other|final) )[a-z0-9][^,:?]{1,60}?)"
    r"(?: is concerned| goes)?(?:(?:,\s+|\s+(?=(?:i|you|we|it|this|let)\b))(?P<rest>.+))?$",
    re.I,
)
_LOOKED_AT = re.compile(
    r"^(?:(?:now|then|so|and),? )*(?:on|in reviewing|reviewing|looking here at|looking at|looking over|look at|"
    r"listening to|feeling|your(?= (?:heart|lungs?|abdomen|belly|neck|back|ears?|skin|legs?|throat|nose"
    r"|eyes?),))(?: here at)? (?:the )?(?:results? (?:of|for) )?(?:your |the |my |his |her |today's )?"
    r"(?P<what>(?:[\w'-]+ ){0,5}?(?:exam|examination|x-rays?|mri|ct|ct scan|ekg|ecg|echo|echocardiogram|results|labs?"
    r"|blood work|vitals?|vital signs|ultrasound|audiogram|tympanogram|otoscopy|studies|pfts?|spirometry|scan"
    r"|images?|imaging"
    r"|test|heart|lungs?|abdomen|extremities|neck|back|ears?|skin|knee|ankle|shoulder|hip|foot|hand|wrist|elbow"
    r"|belly|legs?|throat|nose|eyes?))"
    r"(?: here)?(?: today| here)?(?: in the (?:office|clinic))?(?: today)?(?:(?:,| and) "
    r"| (?=(?:i|you|there|it|this|we|no)\b))(?P<rest>.+)$",
    re.I,
)
_PERCEIVED = re.compile(
    r"^(?:and |so |there )*(?:(?:i|we) (?:can |could )?(?:also |still |just )?(?:appreciate|hear|see|notice|note|find|"
    r"noticed|noted|heard|felt|found|appreciated) (?:that |there is |there are )?|(?:the )?(?:patient"
    r"|you) (?:also |still )?"
    r"(?:have|has) (?=(?:some|a|an|no|mild|good|normal|tenderness|pain|swelling)\b))",
    re.I,
)
_NEVER_SEEN = re.compile(r"^(?:i|we) (?:do not|did not|cannot) (?:see|hear|appreciate|feel|notice) (?:any |a )?", re.I)


def finding(text: str, who: Pronouns = THEY) -> str:
    """ "On your lung exam i do appreciate some crackles" → "Lung exam: some crackles."."""
    said = without_emphasis(written_out(whole(clean(text))))
    label = ""
    if match := _LOOKED_AT.match(said):
        label, said = re.sub(r"^(?:physical )(?=exam)", "", match["what"], flags=re.I), clean(match["rest"])
    said = _NEVER_SEEN.sub("no ", _PERCEIVED.sub("", said, count=1), count=1)
    if len(said.split()) < 1:
        return ""
    said = re.sub(r"\byour\b", "the", re.sub(r"^your ", "", said, flags=re.I), flags=re.I)
    told = about_patient(said, who)
    if not label or told.lower().startswith(label.lower()):
        return told
    return sentence(f"{label}: {told[:1].lower() + told[1:] if not told.startswith('I ') else told}")


def assessed(text: str, who: Pronouns = THEY) -> str:
    """ "For your first problem, your back pain, i think …" → "Back pain: I think …"."""
    said = written_out(whole(clean(text)))
    if match := _PROBLEM.match(said):
        rest = about_patient(match["rest"] or "", who)
        return sentence(f"{match['what']}: {rest}") if rest else sentence(match["what"])
    return about_patient(said, who)


_OPENINGS = re.compile(
    r"^(?:(?:and|so|then|also|but|now|well|okay|lastly|first of all|first|second|third|finally|next|again"
    r"|actually|anyway"
    r"|(?:at )?this (?:point|time)|for now|in the meantime|what i would like to do is|what we will do is|the plan is)"
    r"(?:, | (?=(?:i|we|you|let)\b)))+",
    re.I,
)
_WILL = re.compile(
    r"^(?:(?:(?:i|we|you)(?! do not)(?: am| are| will| would| can| could| should| might| may)?|let us|please"
    r"|my recommendation (?:is|would"
    r" be)(?: to)?) )(?:(?:also|just|really|probably|certainly|definitely|still|now) )*"
    r"(?:(?:going to|going|want(?: you)? to|want(?: you)?|like(?: you)? to|like|love to|have to|need(?: you)? to"
    r"|recommend(?: that)?(?: we| you| i)?(?: to)?|advise(?: you)? to|suggest(?: that)?(?: we| you)?|"
    r"think (?:we|you|i) (?:should|can|need to|will)|plan to|be) )?",
    re.I,
)
_BETWEEN = re.compile(r"\b(?:go ahead and|go ahead|also|just|probably|certainly|get to)\s+", re.I)
_HAVE_YOU = re.compile(r"^(?:have|get) you (?:to )?(?=[a-z]+ )", re.I)
_FOR_YOU = re.compile(
    r"\b(give|prescribe|refer|send|order|schedule|recommend|provide|write|get|call in|put in) (?:for )?you\b"
    r"(?! (?:on|in|to be|checked|set|scheduled)\b)",
    re.I,
)
_TO_DO = frozenset(
    words(
        "start stop continue increase decrease reduce prescribe order refer schedule follow return recommend give "
        "get check repeat do send put have take use try avoid keep call see come go obtain add switch change hold "
        "monitor wear apply rest ice elevate eat drink make watch treat perform inject write refill place begin "
        "draw run contact consult bring work wait weigh report walk exercise stay limit drop taper cut arrange "
        "book fit test remove evaluate discharge admit measure adjust update need bump restart resume provide "
        "request discuss proceed complete finish maintain record set look find talk reassess recheck cancel defer "
        "bandage clean soak massage stretch biopsy aspirate supplement"
    )
)


def order(text: str, who: Pronouns = THEY) -> str:
    """ "i want you to start amoxicillin" → "Start amoxicillin."."""
    said = without_emphasis(written_out(whole(clean(text))))
    label = ""
    if (match := _PROBLEM.match(said)) and match["rest"]:
        label, said = match["what"], match["rest"]
    bare = _BETWEEN.sub("", _WILL.sub("", _OPENINGS.sub("", said), count=1))
    bare = re.sub(r"^(\w+), ", r"\1 ", _FOR_YOU.sub(r"\1", _HAVE_YOU.sub("", bare)))
    told = about_patient(bare if _is_order(bare) else said, who)
    return sentence(f"{label}: {told[:1].lower() + told[1:] if _is_order(bare) else told}") if label else told


def names_problem(text: str) -> bool:
    """ "For your second problem, your diabetes …"."""
    return _PROBLEM.match(written_out(whole(clean(text)))) is not None


def gives_order(text: str) -> bool:
    """ "I want you to start …", "we'll order …"."""
    said = written_out(whole(clean(text)))
    bare = _BETWEEN.sub("", _WILL.sub("", _OPENINGS.sub("", said), count=1))
    return _is_order(_HAVE_YOU.sub("", bare)) and bool(_WILL.match(_OPENINGS.sub("", said)) or _is_order(said))


def _is_order(text: str) -> bool:
    parts = text.split()
    return len(parts) >= 2 and parts[0].lower().strip(",") in _TO_DO and parts[:2] != ["do", "not"]
