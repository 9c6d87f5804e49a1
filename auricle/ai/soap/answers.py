"""What question and answer tell together, and how an answer that leans on its question is written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.find import Turn
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import SPANS, find_measures
from auricle.ai.entities.pieces import ASKING, Piece
from auricle.ai.entities.replies import FINDINGS
from auricle.ai.port import Entity, Evidence, Section, Statement
from auricle.ai.soap import facts
from auricle.ai.soap.rewrite import THEY, Pronouns, as_patients, third_person
from auricle.ai.soap.speech import clean, is_tangled, lowered, sentence, tells
from auricle.ai.tokens import words

_TOPICS = (
    (re.compile(r"\bhow long|\bsince when|\bwhen did|कब से|\bkab se", re.I), "Since"),
    (re.compile(r"\bhow often", re.I), "Frequency"),
    (re.compile(r"\bwhich (?:side|ear|knee|eye|leg|arm)|\bwhere\b|\bwhat side", re.I), "Location"),
    (re.compile(r"\bscale|\bhow bad|\bhow severe|\bout of ten", re.I), "Severity"),
    (re.compile(
        r"\bwhat (?:brings|brought|seems)|\bwhat is the (?:problem|matter)|\bwhat can i help"
        r"|\bhow can i help", re.I), "Chief complaint"),
    (re.compile(r"\bwork\b|\boccupation|\bdo for a living", re.I), "Occupation"),
)  # fmt: skip
_OFFER = re.compile(
    r"(?:(?:and|so|then)\s+)?(?:shall (?:i|we)|should (?:i|we)|would you like (?:me )?to|do you want (?:me )?to)\s+",
    re.I,
)
_STARTED = re.compile(r"(?:(?:it|this|that|they)\s+)?(?:all\s+)?(?:has\s+|have\s+)?(?:started|began)\b\s*", re.I)
_BEEN = re.compile(
    r"(?:it|this|that)(?:'s| has)? (?:all )?been (?:going on )?(?:for )?|(?:it|this|that)(?: was|'s| is) |for "
    r"|probably ",
    re.I,
)
_THERE = re.compile(
    r"(?:(?:it|this|that)(?:'s| is| was| hurts?| aches?)?|(?:i )?(?:mostly|mainly|just|probably|like|right|kind of))\s+"
    r"(?=(?:it|mostly|mainly|just|like|right|in|on|at|around|the|my|both|all|over)\b)",
    re.I,
)
_POINTS = re.compile(r"(?:right |over |down |up |around |just |in )*(?:here|there|this|that)\b[\w\s,]{0,12}$", re.I)
_ABOUT = re.compile(r"(?:(?:about|around|maybe|almost|nearly|over|just|a|an|few|couple|the|last|past|of)\s+)*", re.I)
_SPAN = re.compile(r"(?:one )?(?:day|week|month|year)s?\b", re.I)
_PREPOSITION = re.compile(r"(?:mostly |only )?(?:in|on|at|for|since|when|during|after|with|from|sometimes)\b", re.I)
_DROPPED_NO = re.compile(r"\s*,?\s*(?:just|only|but|except|i|i'm|i've|my|it|it's|the|they|he|she|we|sometimes)\b", re.I)
_EXCEPTION = re.compile(
    r"(?:no|nothing|none)(?: of (?:those|these|that|them)| like that)?[\s,]+"
    r"(?:but|except(?: for)?|other than|apart from)\s+",
    re.I,
)
_ELLIPSIS_WORDS = 9  # an answer up to this length needs its question
_DETAIL_WORDS = 9
# "Does it hurt when i press here?": an examination, which tells something only with what the clinician says of it.
_BY_HAND = re.compile(
    r"\b(?:right |down |up |over |in )?here\b(?! (?:today|for))|\bwhen i\b|\bif i\b|\b(?:pain|hurt|tender"
    r"|feel) (?:with )?(?:this|that|there)\b"
    r"|\bhow about\b.{0,20}\b(?:here|there|this|that|now)\b", re.I)  # fmt: skip
_SAID_FIRST = re.compile(r"^(?:(?:um+|uh+|er+|ah|oh|and|so|well|but|yeah|yes|okay)\b[\s,.]*)+(?=\w)", re.I)
_TIMED = re.compile(
    r"\d|\b(?:second|minute|hour|day|night|week|month|year|morning|evening|afternoon|summer|winter|spring|fall|autumn"
    r"|yesterday|today|tonight|ago|since|always|never|often|sometimes|every|once|twice|times?|birth|born|child\w*"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september"
    r"|october|november|december)s?\b|[\u0900-\u0dff]", re.I)  # fmt: skip
_QUOTED_WORDS = 40
_CITED_CLAUSES = 12  # of one answer


@dataclass(frozen=True, slots=True)
class Around:
    """A clause with the turns before and after it."""

    turn: Turn
    piece: Piece
    before: Turn | None
    after: Turn | None
    who: Pronouns = THEY

    @property
    def answered(self) -> bool:
        return self.piece.asked == "polar" and self.turn.utterance.speaker in ASKING

    @property
    def answers(self) -> Turn | None:
        """The turn whose question this clause answers."""
        asked = self.before is not None and self.before.utterance.speaker in ASKING
        return self.before if asked and self.turn.utterance.speaker == "patient" else None

    def evidence(self) -> list[Evidence]:
        """The clause; for an answered question also the clauses of the answer that name what it asked, or its first."""
        own = facts.cite(self.turn.utterance, self.piece.clause.start, self.piece.clause.end)
        if not self.answered or self.after is None:
            return [own]
        reply = self.turn.reply
        told = {*reply.named, *reply.denied_as}
        cited = [
            facts.cite(self.after.utterance, piece.clause.start, piece.clause.end)
            for index, piece in enumerate(self.after.pieces[:_CITED_CLAUSES])
            if index == 0 or any(m.term.name in told for m in lexicon().mentions(piece.stream))
        ]
        return [own, *cited]

    def own_words(self) -> str:
        """The clause without the bare "yes" or "no" that answered the question before it."""
        text, start = self.piece.clause.text, self.piece.clause.start
        lead = self.answers.reply.lead_end - start if self.answers and self.piece is self.turn.pieces[0] else 0
        if lead <= 0:
            return text
        if exception := _EXCEPTION.match(text):
            return text[exception.end() :]
        denies = self.answers is not None and self.answers.reply.whole == "no"
        return text if denies and not _DROPPED_NO.match(text, lead) else text[lead:].lstrip(" ,")


def told_by_pair(around: Around, denied: Sequence[Entity]) -> list[Entity]:
    """Of what a reply denies, that which its question has named: the statement of the pair tells it."""
    asked = around.answers
    return [
        e
        for e in denied
        if asked is not None and e.name in asked.reply.denied_as and asked.reply.named.get(e.name, True)
    ]


def answered(around: Around, asked: Sequence[Entity]) -> Iterator[Statement]:
    """What an answered question tells: an accepted offer, what is denied, what is confirmed by a mere "yes"."""
    evidence, reply = around.evidence(), around.turn.reply
    question = around.piece.clause.text
    if offer := _OFFER.match(question):
        if reply.whole == "yes":
            text = sentence(f"Agreed: {clean(question[offer.end() :])}")
            yield Statement(section="plan", text=text, evidence=evidence, kind="plan")
        return
    asked = [e for e in asked if not (_BY_HAND.search(question) and e.kind == "symptom")]
    yield from facts.denials(asked, evidence, question)
    after = around.after
    own = {m.term.name for p in after.pieces for m in lexicon().mentions(p.stream)} if after else set()
    confirmed = [e for e in asked if e.name not in own]
    more = _detail(around, confirmed)
    yield from facts.confirmations(confirmed, evidence, question, more)


def _detail(around: Around, confirmed: Sequence[Entity]) -> str:
    """ "Any ringing?" – "yes in my left ear for three weeks": the place and time of the one thing confirmed."""
    after = around.after
    if after is None or not after.pieces or len([e for e in confirmed if not e.negated]) != 1:
        return ""
    return detail(Around(after, after.pieces[0], around.turn, None, around.who))


def detail(around: Around) -> str:
    """An answer that only goes on after its "yes", rewritten; empty where it is more or less than that."""
    if around.answers is None or around.piece is not around.turn.pieces[0] or around.answers.reply.lead_end == 0:
        return ""
    said = clean(around.own_words())
    names = any(m.term.kind in FINDINGS for m in lexicon().mentions(around.piece.stream))
    first_person = re.search(r"(?<![\w'])i(?:'\w+)?(?![\w'])", said, re.I)
    if around.answers.reply.whole != "yes" or names or first_person or not _PREPOSITION.match(said):
        return ""
    return (
        third_person(said, around.who).removeprefix("Reports ").rstrip(".")
        if len(said.split()) <= _DETAIL_WORDS
        else ""
    )


def patients_words(around: Around, left: Sequence[Entity]) -> Statement | None:
    """The patient's clause as a statement, with its question where it would not be understood alone."""
    said = clean(around.own_words())
    if not said:
        return None
    if started := _STARTED.match(said):
        return _with_question(around, f"Started {lowered(said[started.end() :])}")
    elliptic = len(said.split()) <= _ELLIPSIS_WORDS and not re.search(r"(?<![\w'])i(?:'\w+)?(?![\w'])", said, re.I)
    asked = _question_before(around)
    if elliptic and asked:
        topic = next((name for pattern, name in _TOPICS if pattern.search(asked.clause.text)), None)
        if topic in {"Since", "Frequency"} and not _TIMED.search(said):
            topic = None
        if (topic is None and not left) or _POINTS.match(said):
            return None
        return _with_question(around, _under(topic, said, around.who) if topic else third_person(said, around.who))
    written = third_person(said, around.who)
    if len(said.split()) < 3 or not tells(written, bool(left)):
        return None
    if is_tangled(written):
        return quoted("subjective", around.evidence())
    return Statement(section="subjective", text=written, evidence=around.evidence())


def quoted(section: Section, evidence: Sequence[Evidence], asked: bool = False) -> Statement | None:
    """The patient's words themselves, with the question where it is cited first. None where nobody would read them."""
    said = [_SAID_FIRST.sub("", " ".join(re.sub(r"\s+([,.;:?!])", r"\1", e.quote).split())) for e in evidence[:2]]
    if not said or sum(len(s.split()) for s in said) > _QUOTED_WORDS:
        return None
    told = " … ".join(f"“{words}”" for words in said[asked:])
    text = f"Asked “{said[0]}”: {told}." if asked and told else f"States: {told}."
    return Statement(section=section, text=text, evidence=evidence) if told else None


def _question_before(around: Around) -> Piece | None:
    return next((p for p in reversed(around.before.pieces) if p.asked), None) if around.before else None


def _with_question(around: Around, text: str) -> Statement:
    asked = _question_before(around)
    before = around.before
    question = [facts.cite(before.utterance, asked.clause.start, asked.clause.end)] if asked and before else []
    return Statement(section="subjective", text=sentence(text), evidence=[*question, *around.evidence()])


def _under(topic: str, said: str, who: Pronouns) -> str:
    """ "When did it start?" – "two months ago" → "Started two months ago"."""
    if topic == "Location":
        while (place := _THERE.sub("", said, count=1) if _THERE.match(said) else said) != said:
            said = place
    if topic != "Since":
        return f"{topic}: {as_patients(said, who)}"
    time = _BEEN.sub("", said, count=1) if _BEEN.match(said) else said
    if words(time)[:1] == ["since"]:
        return time
    bare = _ABOUT.sub("", time, count=1)
    lasted = any(m.unit in SPANS and m.start == 0 for m in find_measures(bare)) or _SPAN.match(bare) is not None
    if "ago" in words(time):
        return f"Started {lowered(time)}"
    return f"Duration: {time}" if lasted else f"Since: {time}"
