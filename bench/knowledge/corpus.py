"""Question sets, their documents cut and embedded as the product does it, and imitated recognition errors."""

import asyncio
import hashlib
import json
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auricle.knowledge.chunk import split
from auricle.knowledge.rank import Floats, Index
from auricle.knowledge.store import embedded_text
from auricle.knowledge.words import words
from auricle.providers.vendors.offline.embedding import OfflineEmbedder
from auricle.uploads.parse.parsed import Parsed

REPOSITORY = Path(__file__).parents[2]


def shared_data() -> Path:
    return Path(os.environ.get("AURICLE_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))


@dataclass
class Task:
    """Questions with the documents that answer them; chunks of all documents with their vectors."""

    questions: list[str]
    gains: list[dict[int, int]]  # for each question how much each document is worth, above 0
    owner: np.ndarray  # chunk → document
    bodies: list[str]
    titles: list[str]
    vectors: Floats

    def index(self) -> Index:
        return Index(self.bodies, self.titles, self.vectors)


class Vectors:
    """Vectors of texts, kept in a file between runs: embedding is what takes the time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "vectors.npz"
        self._embedder = OfflineEmbedder(folder)
        self._known: dict[str, Floats] = {}
        if self._file.exists():
            with np.load(self._file) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["rows"], strict=True))

    def of(self, texts: Sequence[str]) -> Floats:
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        missing = sorted(
            {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}.items(),
            key=lambda pair: len(pair[1]),
        )
        for begin in range(0, len(missing), 256):
            batch = missing[begin : begin + 256]
            rows = asyncio.run(self._embedder.embed([text for _, text in batch], task="document")).vectors
            self._known.update(zip([key for key, _ in batch], rows, strict=True))
            print(f"embedded {begin + len(batch)} of {len(missing)}", flush=True)
        if missing:
            np.savez(self._file, keys=np.array(list(self._known)), rows=np.stack(list(self._known.values())))
        return np.stack([self._known[key] for key in keys])


def medquad(name: str, vectors: Vectors, *, count: int, seed: int = 7, documents: int | None = None) -> Task:
    """A MedQuAD file: each answer is a document titled by its topic; a question's own answers are relevant."""
    rows = _rows(shared_data() / name / "qa.jsonl")[:documents]
    same: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        same.setdefault(_plain(row["q"]), set()).add(number)
    asked = list(range(len(rows)))
    random.Random(seed).shuffle(asked)
    asked = asked[:count]
    relevant: list[dict[int, int]] = [dict.fromkeys(same[_plain(rows[n]["q"])], 1) for n in asked]
    return _task([rows[n]["q"] for n in asked], relevant, [(row["focus"], row["a"]) for row in rows], vectors)


def graded(name: str, vectors: Vectors) -> Task:
    """LiveQA-Med or PubMedQA: judgements apart, with grades. Questions without any good answer are left out."""
    folder = shared_data() / name
    documents = {row["id"]: row for row in _rows(folder / "docs.jsonl")}
    number = {key: at for at, key in enumerate(documents)}
    gains: dict[str, dict[int, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        question, document, gain = line.split("\t")
        if int(gain) > 0 and document in number:
            gains.setdefault(question, {})[number[document]] = int(gain)
    asked = [row for row in _rows(folder / "queries.jsonl") if row["id"] in gains]
    texts = [(row.get("title", ""), row["text"]) for row in documents.values()]
    return _task([row["text"] for row in asked], [gains[row["id"]] for row in asked], texts, vectors)


def hindi(vectors: Vectors) -> Task:
    """Hindi questions and Hindi answers, each answer a document without a title. The same answer twice is one."""
    rows = [row for file in sorted((shared_data() / "xling_hi").glob("*.jsonl")) for row in _rows(file)]
    number: dict[str, int] = {}
    for row in rows:
        number.setdefault(row["a_hi"], len(number))
    gains = [{number[row["a_hi"]]: 1} for row in rows]
    return _task([row["q_hi"] for row in rows], gains, [("", answer) for answer in number], vectors)


def _task(
    questions: list[str], gains: list[dict[int, int]], documents: Sequence[tuple[str, str]], vectors: Vectors
) -> Task:
    """Documents, each a title and a text, cut and embedded as the product does it."""
    owner, bodies, titles, texts = [], [], [], []
    for number, (title, text) in enumerate(documents):
        for chunk in split(Parsed(text)):
            owner.append(number)
            bodies.append(chunk.text)
            titles.append(title)
            texts.append(embedded_text(title, chunk) if title else chunk.text)
    return Task(questions, gains, np.array(owner), bodies, titles, vectors.of(texts))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:  # not `splitlines`, which also cuts at U+2028 inside a text
        return [json.loads(line) for line in lines]


def absent_diseases() -> list[str]:
    lines = (shared_data() / "medquad" / "absent_disease_questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["q"] for line in lines]


def misheard(question: str) -> str:
    """Lower case, no punctuation, and in half of the long words one letter dropped, doubled or replaced."""
    rng = random.Random(question)
    heard = []
    for word in re.sub(r"[^\w\s]", " ", question.lower()).split():
        if len(word) > 6 and rng.random() < 0.5:
            at = rng.randrange(1, len(word) - 1)
            middle = rng.choice(["", word[at] * 2, rng.choice("aeiou")])
            word = word[:at] + middle + word[at + 1 :]
        heard.append(word)
    return " ".join(heard)


def _plain(question: str) -> str:
    return " ".join(words(question))
