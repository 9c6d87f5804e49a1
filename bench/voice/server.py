"""The product's web process with the bench's vendor beside its own: `python -m bench.voice.server CORE`.

Configured by the usual AURICLE_ variables; nothing else differs from `auricle serve`.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    os.sched_setaffinity(0, {int(sys.argv[1])})  # before libraries count the cores they may use
    from auricle.cli import serve_command
    from auricle.providers import vendors

    vendors.__path__.append(str(Path(__file__).parent / "vendors"))
    serve_command()


if __name__ == "__main__":
    main()
