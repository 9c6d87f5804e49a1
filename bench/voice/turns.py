"""How turn taking does on the pauses of real consultations: `python -m bench.voice.turns`.

PriMock57's transcripts tell when each patient spoke; its audio is not there. Each utterance is spoken again by the
offline voice at the pace that fills its time, and put where it was. A turn is what the patient said between two
utterances of the doctor. For each length of silence that ends a turn it is counted how many turns were ended too
early, in how many of these inside an utterance rather than between two, in how many the answer would have been heard
before the patient went on, and how long after the true end the turn was over. Pauses inside utterances are the voice's
own, at punctuation. Recorded speech: `recorded_turns.py`.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from auricle.providers.vendors.offline.espeak import Manner, Phoneme, espeak
from auricle.settings import Voice
from auricle.voice.turn import SpeechStarted, SpeechStopped, TurnEnded, TurnMachine
from auricle.voice.unfinished import is_unfinished
from auricle.voice.vad import FRAME_S, SharedVad
from bench.voice.delays import IDEAL_S, STOP_S

RATE_HZ = 8_000
ANSWER_S = IDEAL_S - STOP_S  # from the end of the turn until the answer is heard, at best
EARLY_S = 0.3
INTERVAL = re.compile(r'xmin = ([\d.]+)\s*\n\s*xmax = ([\d.]+)\s*\n\s*text = "(.*)"')
MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Rule:
    stop_s: float
    settle_s: float = 0.0
    unfinished_s: float = 0.0

    def __str__(self) -> str:
        if not self.settle_s:
            return f"{self.stop_s} s"
        return f"prepared {self.stop_s} s, given {self.settle_s} s, after unfinished words {self.unfinished_s} s"


STOPS_S = (0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
OURS = Voice()
RULES = [Rule(s) for s in STOPS_S] + [Rule(OURS.stop_s, OURS.settle_s, OURS.unfinished_s)]


@dataclass(frozen=True, slots=True)
class Spoken:
    start_s: float
    end_s: float
    text: str


@dataclass(slots=True)
class Counts:
    """What became of the turns, with one setting."""

    turns: int = 0
    cut: int = 0
    cut_inside: int = 0  # of these
    talked_over: int = 0
    missed: int = 0
    lags_s: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/primock57/transcripts"))
    parser.add_argument("--consultations", type=int, default=10)
    given = parser.parse_args()
    files = sorted(given.data.glob("*_patient.TextGrid"))[: given.consultations]
    if not files:
        sys.exit(f"No transcripts in {given.data}; --data names their folder.")
    counts = asyncio.run(measured(files))
    turns, spoken = counts[RULES[0]].turns, sum(len(list(utterances(file))) for file in files)
    print(
        f"{len(files)} consultations, {turns} turns of patients in {spoken} utterances, "
        f"answer {ANSWER_S * 1000:.0f} ms after the turn's end\n"
    )
    print_table(counts)


def print_table(counts: Mapping[Rule, Counts]) -> None:
    print(
        "| silence that ends a turn | ended early | inside an utterance | answered into the pause | not found "
        "| over after p50 / p95 ms |"
    )
    print("|---|---|---|---|---|---|")
    for rule, one in counts.items():
        p50, p95 = np.percentile(one.lags_s, [50, 95]) * 1000
        shares = (f"{100 * n / one.turns:.1f} %" for n in (one.cut, one.cut_inside, one.talked_over, one.missed))
        print(f"| {rule} | {' | '.join(shares)} | {p50:.0f} / {p95:.0f} |")


async def measured(files: Sequence[Path]) -> dict[Rule, Counts]:
    counts = {rule: Counts() for rule in RULES}
    with SharedVad(gather_s=0.0) as vad:
        for file in files:
            patient = list(utterances(file))
            doctor = list(utterances(file.with_name(file.name.replace("_patient", "_doctor"))))
            sound, turns = performed(patient, doctor)
            heard = await probabilities(vad, sound)
            for rule, one in counts.items():
                judge(*taken(heard, rule, patient), turns, one)
    return counts


async def probabilities(vad: SharedVad, sound: bytes) -> list[float]:
    """Of speech, for each frame of the sound."""
    stream = vad.stream(RATE_HZ)
    size = stream.frame_bytes
    return [await stream.probability(sound[at : at + size]) for at in range(0, len(sound) - size, size)]


def utterances(file: Path) -> Iterator[Spoken]:
    for start, end, text in INTERVAL.findall(file.read_text("utf-8")):
        words = MARKUP.sub("", text).strip()
        if re.search(r"\w", words):
            yield Spoken(float(start), float(end), words)


def performed(patient: Sequence[Spoken], doctor: Sequence[Spoken]) -> tuple[bytes, list[list[tuple[float, float]]]]:
    """The patient's side as sound, and for each turn when speech began and ended in it."""
    sound = np.zeros(round((patient[-1].end_s + 3) * RATE_HZ), np.int16)
    turns: list[list[tuple[float, float]]] = []
    last_s = -1.0
    for one in patient:
        wave = said(one)
        at = round(one.start_s * RATE_HZ)
        wave = wave[: len(sound) - at]
        sound[at : at + len(wave)] = wave
        speech = (one.start_s, one.start_s + len(wave) / RATE_HZ)
        between = any(last_s - 0.5 < other.start_s < one.start_s for other in doctor)
        if turns and not between:
            turns[-1].append(speech)
        else:
            turns.append([speech])
        last_s = one.end_s
    return sound.astype("<i2").tobytes(), turns


def said(one: Spoken) -> np.ndarray:
    """The words at the pace that fills their time, without silence before or after."""
    wave = _wave(one.text, 165)
    wanted_s = one.end_s - one.start_s
    pace = round(165 * len(wave) / RATE_HZ / wanted_s)
    return _wave(one.text, min(400, max(90, pace)))[: round(wanted_s * RATE_HZ)]


def _wave(text: str, words_per_minute: int) -> np.ndarray:
    pieces: list[bytes] = []

    def take(pcm: bytes, _: list[Phoneme]) -> bool:
        pieces.append(pcm)
        return True

    espeak().speak(text, Manner(words_per_minute=words_per_minute), take)
    wave = soxr.resample(np.frombuffer(b"".join(pieces), "<i2").astype(np.float64), espeak().rate_hz, RATE_HZ)
    loud = np.flatnonzero(np.abs(wave) > 300)
    return wave[loud[0] : loud[-1] + 1] if len(loud) else wave


def words_until(patient: Sequence[Spoken], at_s: float) -> str:
    """What was said by then, words spread evenly over their utterance. The last two utterances at most."""
    told: list[str] = []
    for one in patient:
        if one.start_s >= at_s:
            break
        share = min(1.0, (at_s - one.start_s) / (one.end_s - one.start_s))
        words = one.text.split()
        told.append(" ".join(words[: max(1, round(share * len(words)))]))
    return " ".join(told[-2:])


def taken(
    heard: Sequence[float], rule: Rule, patient: Sequence[Spoken]
) -> tuple[list[tuple[float, float]], list[float]]:
    """When turns ended (the last speech of each, and when it was over), and when speech was found to start.

    The recognizer's words are there before the silence is long enough, as in the other benches.
    """
    machine = TurnMachine(Voice(stop_s=rule.stop_s), FRAME_S, "en")
    ends: list[tuple[float, float]] = []
    starts: list[float] = []
    for number, probability in enumerate(heard):
        at_s = (number + 1) * FRAME_S
        signals = machine.hear(probability, at_s, agent_active=False)
        if any(isinstance(signal, SpeechStopped) for signal in signals):
            if rule.settle_s:
                text = words_until(patient, at_s - rule.stop_s)
                machine.settle(rule.unfinished_s if is_unfinished(text.rstrip(".?!")) else rule.settle_s)
            signals = [*signals, *machine.transcript("some words", is_final=True)]
        starts += [signal.at_s for signal in signals if isinstance(signal, SpeechStarted)]
        ends += [(signal.ended_s, at_s) for signal in signals if isinstance(signal, TurnEnded)]
    return ends, starts


def judge(
    ends: Sequence[tuple[float, float]],
    starts: Sequence[float],
    turns: Sequence[Sequence[tuple[float, float]]],
    into: Counts,
) -> None:
    for number, turn in enumerate(turns):
        begin_s, end_s = turn[0][0], turn[-1][1]
        next_s = turns[number + 1][0][0] if number + 1 < len(turns) else float("inf")
        early = [(speech_s, over_s) for speech_s, over_s in ends if begin_s < speech_s < end_s - EARLY_S]
        at_end = [over_s for speech_s, over_s in ends if end_s - EARLY_S <= speech_s < next_s]
        into.turns += 1
        into.cut += bool(early)
        into.cut_inside += any(start < at < end - EARLY_S for at, _ in early for start, end in turn)
        resumed = [next((at for at in starts if at > over_s), float("inf")) for _, over_s in early]
        into.talked_over += any(over_s + ANSWER_S < at for (_, over_s), at in zip(early, resumed, strict=True))
        into.missed += not at_end and not early
        if at_end:
            into.lags_s.append(at_end[0] - end_s)


if __name__ == "__main__":
    main()
