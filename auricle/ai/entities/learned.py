"""Mentions that a token classifier finds besides the lists, where its weights are there (`AURICLE_AI__ENTITY_MODEL`).

A folder with `model.onnx`, `tokenizer.json` and `config.json` (its `id2label`), as a Hugging Face model is exported.
It names only where something stands and of what kind; how it is meant is read by our own rules, as of every mention.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from auricle.ai.entities.lexicon import LexiconKind, Mention, Term
from auricle.ai.port import Utterance
from auricle.ai.tokens import Token
from auricle.errors import Misconfigured

MOST_TOKENS = 512  # of one window; longer texts are read in windows that overlap
OVERLAP = 64
AT_ONCE = 8  # windows of one run
LEAST_SCORE = 0.6  # mean probability of a mention's tokens
LONGEST_CHARS = 80
# Labels of public models (biomedical-ner-all, BC5CDR and NCBI taggers, i2b2's), compared without case, "B-" and "I-".
KINDS: Mapping[str, LexiconKind] = {
    "sign_symptom": "symptom", "symptom": "symptom", "disease_disorder": "problem", "disease": "problem",
    "problem": "problem", "condition": "problem", "diagnosis": "problem", "medication": "drug", "drug": "drug",
    "chemical": "drug", "treatment": "procedure", "diagnostic_procedure": "procedure", "test": "procedure",
    "therapeutic_procedure": "procedure", "procedure": "procedure", "biological_structure": "anatomy",
    "anatomy": "anatomy", "medical_device": "device", "device": "device",
}  # fmt: skip
_PREFIX = re.compile(r"^[BIES]-", re.IGNORECASE)


class ModelUnusable(Misconfigured):
    """The folder set for the entity model does not hold one that can be read."""

    code = "ai.entity_model"


@dataclass(frozen=True, slots=True)
class Named:
    kind: LexiconKind
    start: int  # in the utterance
    end: int
    score: float


class LearnedReader:
    """Reads utterances with the model of a folder. Raises `ModelUnusable`."""

    def __init__(self, folder: Path) -> None:
        try:
            labels = json.loads((folder / "config.json").read_text("utf-8"))["id2label"]
            self._labels = [str(labels[key]) for key in sorted(labels, key=int)]
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        except Exception as error:  # each library has errors of its own, and a path may stand in their texts
            raise ModelUnusable(reason=type(error).__name__) from None
        self._kinds = [KINDS.get(_PREFIX.sub("", label).lower()) for label in self._labels]
        if not any(self._kinds):
            raise ModelUnusable(reason="no label of ours")
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._tokenizer.enable_truncation(MOST_TOKENS, stride=OVERLAP)
        self._tokenizer.no_padding()
        self._lock = threading.Lock()  # one run at a time: the session takes all cores by itself
        self.size = (folder / "model.onnx").stat().st_size

    def read(self, utterances: Sequence[Utterance]) -> dict[str, list[Named]]:
        """What it names, by utterance, in order. Raises `ModelUnusable` where the model does not fit its labels."""
        windows = [
            (utterance, window)
            for utterance in utterances
            for encoding in [self._tokenizer.encode(utterance.text)]
            for window in (encoding, *encoding.overflowing)
        ]
        windows.sort(key=lambda w: len(w[1].ids))
        found: dict[str, list[Named]] = {}
        for at in range(0, len(windows), AT_ONCE):
            some = windows[at : at + AT_ONCE]
            for (utterance, window), odds in zip(some, self._odds([w for _, w in some]), strict=True):
                found.setdefault(utterance.id, []).extend(self._named(utterance.text, window, odds))
        return {name: _apart(named) for name, named in found.items()}

    def _odds(self, windows: Sequence[Encoding]) -> NDArray[np.float32]:
        """Probabilities: window, token, label."""
        longest = max(len(w.ids) for w in windows)
        ids = np.zeros((len(windows), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            with self._lock:
                (logits, *_) = self._session.run(None, {n: v for n, v in given.items() if n in self._inputs})
        except Exception as error:
            raise ModelUnusable(reason=type(error).__name__) from None
        if logits.shape != (*ids.shape, len(self._labels)):
            raise ModelUnusable(reason="shape")
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=-1, keepdims=True), np.float32)

    def _named(self, text: str, window: Encoding, odds: NDArray[np.float32]) -> Iterator[Named]:
        """Runs of tokens of one kind, cut where a new one begins; widened to whole words."""
        run: list[tuple[int, int, float]] = []
        kind: LexiconKind | None = None
        for (start, end), row in zip(window.offsets, odds, strict=False):
            best = int(row.argmax())
            here, inside = self._kinds[best], not self._labels[best].upper().startswith("B-")
            joined = bool(run) and (start == run[-1][1])  # a piece of the word before it
            if start == end:
                continue
            if kind is not None and (joined or (here == kind and inside)):
                run.append((start, end, float(row[best])))
                continue
            if kind is not None:
                yield from _mention(text, kind, run)
            kind, run = here, [(start, end, float(row[best]))]
        if kind is not None:
            yield from _mention(text, kind, run)


def _mention(text: str, kind: LexiconKind, run: Sequence[tuple[int, int, float]]) -> Iterator[Named]:
    start, end = run[0][0], run[-1][1]
    score = sum(s for _, _, s in run) / len(run)
    if score >= LEAST_SCORE and end - start <= LONGEST_CHARS and any(c.isalpha() for c in text[start:end]):
        yield Named(kind, start, end, score)


def _apart(named: Sequence[Named]) -> list[Named]:
    """Windows overlap: of two mentions on the same characters the surer one stays."""
    kept: list[Named] = []
    for one in sorted(named, key=lambda n: (-n.score, n.start)):
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda n: n.start)


def with_learned(mentions: list[Mention], stream: Sequence[Token], named: Sequence[Named]) -> list[Mention]:
    """The mentions of a clause and those that the model names besides, on words that no list knows."""
    if not named or not stream:
        return mentions
    taken = {i for m in mentions for i in range(m.first, m.last + 1)}
    found = list(mentions)
    for one in named:
        inside = [i for i, t in enumerate(stream) if one.start < t.end and t.start < one.end]
        if inside and not taken.intersection(inside):
            name = " ".join(t.word for t in stream[inside[0] : inside[-1] + 1])
            found.append(Mention(Term(one.kind, name), inside[0], inside[-1]))
    return sorted(found, key=lambda m: m.first)
