"""Presidio by our adapter, in the environment that has it: `python -m bench.clinical.presidio_side default|tuned`.

Texts come as JSON lines; the first line out is characters a CPU second, then the spans of each text.
"""

import json
import sys
import time

from auricle.ai.privacy.presidio import Presidio


def main(how: str) -> None:
    engine = Presidio() if how == "default" else Presidio(least=0.3, countries=("IN", "US"))
    texts = [json.loads(line) for line in sys.stdin]
    list(engine("Call +91 98765 43210."))
    started = time.process_time()
    found = [[(span.start, span.end) for span in engine(text)] for text in texts]
    print(sum(map(len, texts)) / (time.process_time() - started))
    for spans in found:
        print(json.dumps(spans))


if __name__ == "__main__":
    main(sys.argv[1])
