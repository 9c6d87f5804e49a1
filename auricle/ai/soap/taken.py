"""Whether a clinician's words tell that a medicine is taken, or that it might be.

"Taking some paracetamol can also help" is advice; written as "takes paracetamol" it would be a false medication list.
"""

import re

_TAKEN = re.compile(
    r"\byou(?:'re| are|'ve been| have been| were)?\s+(?:\w+\s+){0,2}?(?:tak(?:e|es|ing)|us(?:e|es|ing)|on)\b"
    r"|\byour\s+(?:\w+\s+){0,2}?(?:medic\w+|tablets?|pills?|inhalers?|dose)\b"
    r"|\b(?:he|she|they|patient)(?:'s| is| are| has been)?\s+(?:\w+\s+){0,2}?(?:tak(?:es?|ing)|us(?:es?|ing)|on)\b"
    r"|\b(?:currently|already|still|at home)\b|\bcontinu\w+|\bkeep (?:taking|using|on)\b|\bstay on\b",
    re.I,
)
_PROPOSED = re.compile(
    r"\b(?:can|could|might|may|should|would|will|i'll|we'll|try|going to|gon na|gonna|recommend\w*|suggest\w*|advis\w+"
    r"|prescrib\w+|give you|giving you|get you|start\w*|put you|let's|want you to|consider\w*|worth|help\w*|if|need\w*"
    r"|either|option\w*|edge)\b",
    re.I,
)


def tells_use(text: str) -> bool:
    """Do a clinician's words tell that the patient takes something? Where nothing tells either way: yes."""
    return _TAKEN.search(text) is not None or _PROPOSED.search(text) is None
