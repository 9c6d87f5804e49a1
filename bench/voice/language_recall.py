"""How well the language of an utterance is found, on the sentences of patients in `tests/safety/lists`.

Run: `python -m bench.voice.language_recall [--missed]`. Every second sentence is the development half, on whose misses
the word lists may be tuned; the other half is the final figure and its misses are never shown. A sentence counts as
followed where it changes a conversation at once, and as false where it takes one out of its own language.
"""

import sys
from collections import defaultdict
from pathlib import Path

import yaml

from auricle.voice.language import Follower

LISTS = Path(__file__).parents[2] / "tests" / "safety" / "lists"


def main() -> None:
    texts = {
        path.stem: [row["text"] for row in yaml.safe_load(path.read_text("utf-8"))] for path in LISTS.glob("*.yaml")
    }
    print(f"{'':4}{'':6}{'dev':>18}{'final':>26}")
    print(f"{'':4}{'script':10}{'n':>5}{'followed':>9}{'false':>6}{'n':>12}{'followed':>9}{'false':>6}")
    totals: dict[bool, list[int]] = defaultdict(lambda: [0, 0, 0])
    for language, sentences in sorted(texts.items()):
        for latin in (False, True):
            halves = []
            for final in (False, True):
                rows = [one for at, one in enumerate(sentences) if at % 2 == final and is_latin(one) == latin]
                n, followed, false = judge(language, rows, set(texts), show="--missed" in sys.argv and not final)
                halves.append(f"{n:5}{share(followed, n):>9}{share(false, n):>6}")
                totals[final] = [a + b for a, b in zip(totals[final], (n, followed, false), strict=True)]
            print(f"{language:4}{'latin' if latin else 'own':10}{halves[0]}{'':7}{halves[1]}")
    for final, (n, followed, false) in sorted(totals.items()):
        print(f"{'final' if final else 'dev'}: {n} sentences, followed {share(followed, n)}, false {share(false, n)}")


def judge(language: str, sentences: list[str], among: set[str], *, show: bool) -> tuple[int, int, int]:
    followed = false = 0
    for text in sentences:
        other = "hi" if language == "en" else "en"
        found = Follower(other, among).follow(text)
        left = Follower(language, among).follow(text)
        followed += found == language
        false += left != language
        if show and (found != language or left != language):
            print(f"    {language} → {found}/{left}: {text}")
    return len(sentences), followed, false


def is_latin(text: str) -> bool:
    return not any(ord(c) > 0x250 and c.isalpha() for c in text)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


if __name__ == "__main__":
    main()
