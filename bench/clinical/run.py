"""The clinical half in numbers: `python -m bench.clinical.run [drafting|headers|masking|judging|entities …] [--dev]`

Also `consultations [--show N]`: recorded consultations through a whole installation, N of the notes printed.
"""

import sys

from bench.clinical import consultations, drafting, entities, heading, judging, masking, outages, written
from bench.clinical.corpora import ROOT, present

ON_DEMAND = frozenset({"outages"})  # takes minutes, and kills what it has started


def main(wanted: list[str]) -> int:
    names = [name for name in wanted if not name.startswith("--") and not name.isdigit()]
    for name, needs, run in (
        ("drafting", "aci-bench", drafting.run),
        ("headers", "mts-dialog", heading.run),
        ("masking", "pii", lambda: masking.run(wanted)),
        ("outages", "", outages.run),
        ("judging", "", lambda: judging.run(show="--dev" in wanted)),
        ("written", "", lambda: written.run(show="--show" in wanted)),
        ("consultations", "primock57", lambda: consultations.run(shown(wanted))),
        ("entities", "", lambda: entities.run(dev="--dev" in wanted, show="--show" in wanted)),
    ):
        if name not in names if names else name in ON_DEMAND:
            continue
        if needs and not present(needs):
            print(f"{name}: skipped, no {needs} under {ROOT} (set AURICLE_SHARED_DATA)")
            continue
        run()
    return 0


def shown(wanted: list[str]) -> int:
    """How many notes are printed whole: `--show 5`."""
    at = wanted.index("--show") + 1 if "--show" in wanted else len(wanted)
    return int(wanted[at]) if at < len(wanted) and wanted[at].isdigit() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
