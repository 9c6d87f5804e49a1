"""The judge on statements known to be true, and on the same with one thing wrong.

`python -m bench.clinical.run judging` tells half B in figures only; with `--dev` half A, and each case judged wrongly.
What the halves are made of, and who held what to be true, stands in `cases.py`.
"""

from collections import Counter
from collections.abc import Sequence

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Draft, Entity, Statement, Utterance
from auricle.ai.soap.judge import judge
from bench.clinical.judging import missing
from bench.clinical.judging.cases import TRUE, Case, cases
from bench.safety.recall import Share

CAUGHT = frozenset({"contradicted", "unsupported"})


def judged(statement: Statement, source: Sequence[Utterance], entities: Sequence[Entity]) -> Statement:
    return judge(Draft(statements=[statement]), source, entities).statements[0]


def run(*, show: bool = False) -> None:
    half = "A" if show else "B"
    asked = list(cases(half))
    known: dict[int, Sequence[Entity]] = {}
    verdicts: list[tuple[Case, str]] = []
    accused: Counter[str] = Counter()
    for case in asked:
        entities = known.setdefault(id(case.source), find_entities(case.source))
        got = judged(case.statement, case.source, entities)
        verdicts.append((case, str(got.verdict)))
        if case.kind == TRUE and str(got.verdict) in CAUGHT:
            accused.update(
                {
                    c.name
                    for c in got.checks
                    if c.verdict == "conflict" or (c.name == "support" and c.verdict == "unsure")
                }
            )
        if show and (str(got.verdict) in CAUGHT) is (case.kind == TRUE):
            _print_wrong(case, got)
    _print_table(half, verdicts)
    print("  false alarms by check:", ", ".join(f"{name} {count}" for name, count in accused.most_common()), "\n")
    missing.run(half, show=show)


def _print_wrong(case: Case, got: Statement) -> None:
    print(f"! {case.kind:12} {case.origin:11} {got.verdict}: {case.statement.text}")
    for evidence in case.statement.evidence:
        print(f"      {evidence.quote}")
    for check in got.checks:
        if check.verdict != "pass":
            print(f"      {check.name} {check.verdict}: {check.detail}")


def _print_table(half: str, verdicts: Sequence[tuple[Case, str]]) -> None:
    false = Counter(case.kind for case, _ in verdicts if case.kind != TRUE)
    caught = Counter(case.kind for case, got in verdicts if case.kind != TRUE and got in CAUGHT)
    against = Counter(case.kind for case, got in verdicts if case.kind != TRUE and got == "contradicted")
    print(f"judge, half {half}: share [95 %]")
    print(f"  {'wrong on purpose':24}{'caught':34}as contradicted")
    for kind in sorted(false):
        print(f"  {kind:24}{Share(caught[kind], false[kind])!s:34}{Share(against[kind], false[kind])!s}")
    print(f"  {'all':24}{Share(caught.total(), false.total())!s}")
    print(f"  {'true':24}{'false alarms':34}amber (inferred)")
    for origin in sorted({case.origin for case, _ in verdicts}):
        told = [got for case, got in verdicts if case.kind == TRUE and case.origin == origin]
        alarms, amber = sum(got in CAUGHT for got in told), sum(got == "inferred" for got in told)
        print(f"  {origin:24}{Share(alarms, len(told))!s:34}{Share(amber, len(told))!s}")
    told = [got for case, got in verdicts if case.kind == TRUE]
    print(f"  {'all':24}{Share(sum(got in CAUGHT for got in told), len(told))!s}")
