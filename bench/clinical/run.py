"""`python -m bench.clinical.run [drafting|masking|judging …]`: the clinical half in numbers, beside its floors."""

import sys

from bench.clinical import drafting, judging, masking
from bench.clinical.corpora import ROOT, present


def main(wanted: list[str]) -> int:
    for name, needs, run in (
        ("drafting", "aci-bench", drafting.run),
        ("masking", "pii", masking.run),
        ("judging", "", judging.run),
    ):
        if wanted and name not in wanted:
            continue
        if needs and not present(needs):
            print(f"{name}: skipped, no {needs} under {ROOT} (set AURICLE_SHARED_DATA)")
            continue
        run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
