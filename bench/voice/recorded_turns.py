"""How turn taking does on recorded speech: `python -m bench.voice.recorded_turns FOLDER`.

FOLDER holds sentences read aloud: `.wav` (PCM16, mono), the words beside it in `.txt`, and in `.lab` when speech and
silence begin. `test/data/librivox` of pocketsphinx's source distribution (`pip download --no-binary :all:`) is one.
Each recording is a turn, heard at each place in the pattern of windows at which it can begin; counted as in `turns.py`.
"""

import argparse
import asyncio
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr

from auricle.voice.vad import SharedVad
from bench.voice.delays import FRAME_S, PHASES
from bench.voice.turns import RATE_HZ, RULES, Counts, Rule, Spoken, judge, print_table, probabilities, taken

BEFORE_S, AFTER_S = 1.0, 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    files = sorted(parser.parse_args().folder.glob("*.lab"))
    if not files:
        sys.exit("No labelled recordings in this folder.")
    counts = asyncio.run(measured(files))
    print(f"{len(files)} recordings, each at {PHASES} alignments\n")
    print_table(counts)


async def measured(files: Sequence[Path]) -> dict[Rule, Counts]:
    counts = {rule: Counts() for rule in RULES}
    with SharedVad(gather_s=0.0) as vad:
        for file in files:
            for phase in range(PHASES):
                sound, spoken = recorded(file, BEFORE_S + phase * FRAME_S)
                heard = await probabilities(vad, sound)
                for rule, one in counts.items():
                    judge(*taken(heard, rule, [spoken]), [[(spoken.start_s, spoken.end_s)]], one)
    return counts


def recorded(labels: Path, before_s: float) -> tuple[bytes, Spoken]:
    """A recording between two silences at the phone's rate, and when its words were said."""
    marks = [line.split("\t") for line in labels.read_text("utf-8").splitlines() if line.strip()]
    starts = [float(mark[0]) for mark in marks if mark[2] == "speech"]
    ends = [float(mark[0]) for mark in marks if mark[2] == "silence"]
    with wave.open(str(labels.with_suffix(".wav"))) as file:
        pcm, rate_hz = np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()
    samples = soxr.resample(pcm.astype(np.float64), rate_hz, RATE_HZ)
    silences = (np.zeros(round(seconds * RATE_HZ)) for seconds in (before_s, AFTER_S))
    sound = np.concatenate([next(silences), samples, next(silences)])
    spoken = Spoken(before_s + min(starts), before_s + max(ends), labels.with_suffix(".txt").read_text("utf-8").strip())
    return np.clip(sound, -32_768, 32_767).astype("<i2").tobytes(), spoken


if __name__ == "__main__":
    main()
