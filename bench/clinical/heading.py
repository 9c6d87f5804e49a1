"""Section headings of MTS-Dialog: learned from its training part, chosen on its validation part, told on TestSet-1."""

import time
from collections import Counter
from collections.abc import Sequence

from auricle.ai.soap.headers import HEADERS, header_of
from bench.clinical.corpora import Passage, mts_dialog


def run() -> None:
    print("MTS-Dialog, heading of a short dialogue, of 20")
    print(f"{'part':12}{'n':>5}  {'heading':>7}  {'S/O/A/P':>7}  {'always the commonest':>20}  {'CPU ms':>6}")
    for part in ("valid", "test1"):
        passages = list(mts_dialog(part))
        started = time.process_time()
        found = [header_of(p.talk)[0] for p in passages]
        cpu_ms = 1000 * (time.process_time() - started) / len(passages)
        commonest = Counter(p.header for p in passages).most_common(1)[0][1] / len(passages)
        right, sections = shares(passages, found)
        print(f"{part:12}{len(passages):5}  {right:7.3f}  {sections:7.3f}  {commonest:20.3f}  {cpu_ms:6.1f}")
    mixed = Counter((p.header, h) for p, h in zip(passages, found, strict=True) if p.header != h)
    print("most mixed up (told, found):", ", ".join(f"{a} {b} {n}" for (a, b), n in mixed.most_common(6)), "\n")


def shares(passages: Sequence[Passage], found: Sequence[str]) -> tuple[float, float]:
    """How many have the right heading, and how many one of the right section."""
    pairs = [(p.header, h) for p, h in zip(passages, found, strict=True)]
    right = sum(told == h for told, h in pairs)
    near = sum(HEADERS[told].section == HEADERS[h].section for told, h in pairs)
    return right / len(pairs), near / len(pairs)
