"""Which section of a SOAP note a piece of the source belongs to, and how much it matters."""

import re
from collections.abc import Sequence

from auricle.ai.entities.assertion import find_cues
from auricle.ai.entities.measures import find_duration, find_measures
from auricle.ai.entities.pieces import Piece
from auricle.ai.port import Entity, Section, Utterance
from auricle.ai.soap.speech import clean
from auricle.ai.soap.verbs import written_out

_PLAN = re.compile(
    r"\b(?:start|stop|continue|increase|decrease|prescrib\w+|order\w*|refer\w*|follow[\s-]?up"
    r"|schedule\w*|recommend\w*|return|refill|physical therapy|come back|check back|"
    r"send you|get you|put you on|let's (?:get|do|check|try|start|order)|going to|gon na|we'll|i'll"
    r"|want you to|i'd like|would like (?:you )?to|avoid|"
    r"take \w+ (?:mg|milligrams?|tablets?)|booked|appointment)\b", re.I)  # fmt: skip
_ASSESSMENT = re.compile(
    r"\b(?:assessment|impression|diagnos\w+|consistent with|i think (?:you|this|it|that)|likely"
    r"|suspect\w*|concern(?:ed|ing) (?:for|about)|probably|looks like you|appears to be|"
    r"you (?:do )?have (?:a |an )?(?:mild|moderate|severe|acute|chronic|type)|uncontrolled"
    r"|well[\s-]controlled|first problem|second problem|third problem)\b", re.I)  # fmt: skip
_OBJECTIVE = re.compile(
    r"\b(?:exam\w*|vital signs?|vitals|lungs?|heart sounds?|your heart|clear|tender\w*|palpat\w+"
    r"|swelling|edema|range of motion|reflex\w*|murmur|rate and rhythm|tympan\w+|otoscop\w+|"
    r"ear canals?|ear ?drum|audiogra\w+|decibels?|threshold\w*|air[\s-]bone|results?|x-ray|mri"
    r"|ct scan|ekg|echo\w*|labs?|showed|shows|a1c|hemoglobin|creatinine|blood pressure (?:is|was|of)"
    r"|pulse|temperature|"
    r"oxygen|strength|sensation|gait|erythema|effusion|bruis\w+|ecchymosis|rales|wheez\w+|rhonchi"
    r"|i (?:see|hear|feel|notice)|looking at your|no (?:tenderness|redness|fluid|fracture|wax)"
    r"|type [abc]\b)", re.I)  # fmt: skip
_HEADINGS: tuple[tuple[re.Pattern[str], Section], ...] = (
    (re.compile(
        r"^\W*(?:physical exam\w*|examination|objective|vitals?|vital signs|results?|labs?"
        r"|investigations?|audiogram|otoscopy|tympanometry)\b[^.]{0,30}$", re.I), "objective"),
    (re.compile(r"^\W*(?:assessment and plan|assessment|impression|diagnos[ie]s)\b[^.]{0,30}$", re.I), "assessment"),
    (re.compile(r"^\W*(?:plan|recommendations?|treatment|instructions|follow[\s-]?up)\b[^.]{0,30}$", re.I), "plan"),
    (re.compile(
        r"^\W*(?:subjective|chief complaint|history\b|hpi|medical history|past medical history"
        r"|social history|family history|"
                r"surgical history|medications?|allergies|review of systems|reason for visit"
                r"|complaints?)\b[^.]{0,40}$", re.I), "subjective"),
)  # fmt: skip
_SALIENT = frozenset({"problem", "symptom", "drug", "hearing", "allergy", "procedure", "device", "lab", "vital"})
_SMALL_TALK = re.compile(
    r"\b(?:nice to (?:see|meet)|thank you|how are you|good morning|weather|have a (?:good|great|nice)"
    r"|see you|bye|hey dragon|any questions|sounds good|dax)\b",
    re.I,
)


_NOT_TOLD = re.compile(
    r"(?:(?:now|then|first|next|today|here|just),? )*(?:show me|pull up|come with me|finalize|hey"
    r"|any (?:other )?questions?"
    r"|(?:it is |it's )?(?:nice|good|great) (?:to|seeing|talking)|thank|how are you|does that sound"
    r"|sounds? good|take (?:a )?(?:nice |big )?deep"
    r"|follow my finger|push|pull|kick|squeeze|say ah|open (?:your|up)|have a (?:good|great|nice)|bye|see you"
    r"|let (?:me|us)(?: just| also| quickly)*(?: go ahead and| go ahead)?(?: just)*,? ?(?:take (?:a"
    r"|another) (?:quick )?(?:look|listen)|look"
    r"|see|go (?:over|through)|talk|discuss|listen|check|examine|do|review|get|start|ask|tell|know|i)\b"
    r"|(?:i|we)(?: am| are| will| would like to| want to|)(?: also| just| now)*(?: going to| want to| like to"
    r"| need to)?(?: also| just)*"
    r"(?: go ahead and| go ahead)?(?: just)*,? ?(?:take a (?:quick )?(?:look|listen)|listen to|look at"
    r"|check (?:you|some things|out|it)"
    r"|examine|do (?:a|your|the|my) (?:[a-z]+ ){0,2}exam|go over|let you know|tell dax|be (?:right )?back|press"
    r"|feel (?:your|around)"
    r"|touch|move your|bend|lift|talk (?:about|a)|start with|have you (?:lie|sit|stand|lay|follow|lean|look)|ask you)\b"
    r"|i know (?:that )?the nurse|(?:the|my) (?:nurse|assistant|staff|medical assistant|m\.?a\.?) (?:is|will"
    r"|said|told|can)\b"
    r"|(?:lift|raise|turn|bend|straighten|move|relax|lean|lie|sit|stand) (?:your|up|down|back|forward|it|that)\b)",
    re.I,
)
_ASKS = re.compile(
    r"(?:(?:now|then|and|so|but),? )*(?:(?:does|did|is|are|was|were|has|can|could|would|will|do|have) (?:you"
    r"|your|that|this|it|there|they"
    r"|he|she|any|anything|the pain)|what|whereabouts|how|who|why|anything|any other|tell me)\b",
    re.I,
)  # a question that nobody marked as one
_INTRODUCES = re.compile(
    r"\b(?:\d+|[a-z]+ty(?:[\s-][a-z]+)?)[\s-]+years?[\s-]+old\b.*\b(?:who|here|with|presents?|complain|for)\b", re.I
)


_CONCLUDES = re.compile(
    r"\b(?:i (?:do )?(?:think|believe|suspect)|my (?:impression|assessment|diagnosis)|diagnos(?:is|es|ed) (?:is"
    r"|of|would|as|with)|etiolog\w+"
    r"|consistent with|(?:most |very |more )?likely (?:due|a|an|from|related|represents?|secondary)"
    r"|appears to be (?:a|an)"
    r"|concern(?:ed|ing|s)? (?:for|about|that)|suspicious for|differential|suspect|(?:well|poorly|under|out of"
    r"|not) (?:good )?control(?:led)?)\b",
    re.I,
)


def concludes(text: str) -> bool:
    """ "I think you have …", "this is consistent with …"."""
    return _CONCLUDES.search(written_out(text)) is not None


def tells_nothing(text: str) -> bool:
    """What a clinician says to lead through the visit: "let me take a listen", "show me the x-ray"."""
    said = written_out(clean(text))
    return _NOT_TOLD.match(said) is not None or _ASKS.match(said) is not None


def introduces(text: str) -> bool:
    """ "… is a 58 year old male with …, who presents today for …"."""
    return _INTRODUCES.search(text) is not None


def heading(text: str) -> Section | None:
    """The section that a line of a document opens, if it is a heading."""
    line = text.strip()
    if not line or len(line) > 60:
        return None
    return next((section for pattern, section in _HEADINGS if pattern.match(line)), None)


def labels(text: str) -> bool:
    """Whether a heading stands before what it heads, as in "Medications: metformin 500 mg"."""
    return bool(text.partition(":")[2].strip())


def section_of(utterance: Utterance, text: str, entities: Sequence[Entity]) -> Section:
    """By who says it and by the words; a patient's words are subjective."""
    if utterance.speaker == "patient":
        return "subjective"
    planned = _PLAN.search(text) is not None or any(e.time == "planned" for e in entities)
    scores: dict[Section, float] = {
        "objective": len(_OBJECTIVE.findall(text))
        + 2 * sum(e.kind in {"vital", "lab"} and e.value is not None for e in entities),
        "assessment": 1.6 * len(_ASSESSMENT.findall(text)),
        "plan": 1.5 * len(_PLAN.findall(text)) if planned else 0,
    }
    best: Section = max(scores, key=lambda s: scores[s])
    return best if scores[best] > 0 else "subjective"


def salience(piece: Piece, entities: Sequence[Entity], position: float) -> float:
    """How much a clause tells. `position` is its place in the source, 0 to 1."""
    text = piece.clause.text
    score = sum(1.5 for e in entities if e.kind in _SALIENT) + 0.4 * sum(e.kind == "anatomy" for e in entities)
    score += 1.0 * (find_duration(text) is not None) + 0.5 * bool(find_measures(text))
    score += 0.6 * bool(_PLAN.search(text)) + 0.8 * bool(_ASSESSMENT.search(text)) + 0.6 * bool(_OBJECTIVE.search(text))
    score += 0.5 * bool(find_cues(piece.stream, "family")) + 0.4 * (position < 0.15)
    words = len(piece.stream)
    if words < 4:
        score -= 1.0
    if _SMALL_TALK.search(text):
        score -= 2.0
    return score / (1 + max(0, words - 30) / 60)
