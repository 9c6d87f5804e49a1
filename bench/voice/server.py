"""The product's web process with the bench's vendors beside its own: `python -m bench.voice.server CORE [--front]`.

Configured by the usual AURICLE_ variables; nothing else differs from `auricle serve`. With `--front` it also takes
calls of the peers' load client, which knows no tickets (front.py). With `--retrievals FILE` it notes there, a line a
turn, how many seconds the turn waited for its passages.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    os.sched_setaffinity(0, {int(sys.argv[1])})  # before libraries count the cores they may use
    from auricle.cli.roles import serve
    from auricle.providers import vendors

    vendors.__path__.append(str(Path(__file__).parent / "vendors"))
    if "--front" in sys.argv:
        from bench.voice.front import install

        install()
    if "--retrievals" in sys.argv:
        note_retrievals(Path(sys.argv[sys.argv.index("--retrievals") + 1]))
    serve()


def note_retrievals(file: Path) -> None:
    from auricle.consultations import answer

    retrieved, times = answer.retrieved, file.open("a", buffering=1)

    async def noted(*given: Any) -> Any:
        began = time.perf_counter()
        try:
            return await retrieved(*given)
        finally:
            times.write(f"{time.perf_counter() - began:.6f}\n")

    answer.retrieved = noted


if __name__ == "__main__":
    main()
