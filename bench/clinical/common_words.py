"""`python -m bench.clinical.common_words > auricle/ai/privacy/tagger/talk.txt`: words that are no names.

Counted in MTS-Dialog's training part, MedQuAD's development part (both CC BY 4.0) and PubMedQA (MIT): what stands there
mostly in lower case. Only words are kept, no sentence, and no place that we list. A name among them needs a context.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator

from auricle.ai.privacy.vocabulary import cities
from bench.clinical.corpora import ROOT

_WORD = re.compile(r"[A-Za-z]{2,18}(?:'[a-z]{1,2})?")
_SOURCES = ((2, "mts-dialog"), (2, "medquad"), (3, "pubmedqa"))


def texts(name: str) -> Iterator[str]:
    if name != "mts-dialog":
        file, field = ("qa.jsonl", "a") if name == "medquad" else ("docs.jsonl", "text")
        for line in (ROOT / name / file).read_text("utf-8").splitlines():
            yield json.loads(line)[field]
        return
    with (ROOT / name / "MTS-Dialog-TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["dialogue"]
            yield row["section_text"]


def main() -> None:
    kept: set[str] = set()
    for least, name in _SOURCES:
        low: Counter[str] = Counter()
        every: Counter[str] = Counter()
        for text in texts(name):
            found = set(_WORD.findall(text))
            low.update(word for word in found if word.islower())
            every.update({word.lower() for word in found})
        kept |= {word for word, count in low.items() if count >= least and count > 0.6 * every[word]}
    print("\n".join(sorted(kept - cities())))


if __name__ == "__main__":
    main()
