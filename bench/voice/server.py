"""The product's web process with the bench's vendors beside its own: `python -m bench.voice.server CORE [--front]`.

Configured by the usual AURICLE_ variables; nothing else differs from `auricle serve`. With `--front` it also takes
calls of the peers' load client, which knows no tickets (front.py).
"""

import os
import sys
from pathlib import Path


def main() -> None:
    os.sched_setaffinity(0, {int(sys.argv[1])})  # before libraries count the cores they may use
    from auricle.cli import serve_command
    from auricle.providers import vendors

    vendors.__path__.append(str(Path(__file__).parent / "vendors"))
    if "--front" in sys.argv:
        from bench.voice.front import install

        install()
    serve_command()


if __name__ == "__main__":
    main()
