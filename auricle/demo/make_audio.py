"""Make the demonstration's audio anew: `python -m auricle.demo.make_audio`. Needs the `flite` program.

The files are shipped, so nobody needs this to run the demonstration.
"""

import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SCRIPT = HERE / "script.yaml"
AUDIO = HERE / "audio"


def script() -> dict[str, Any]:
    """The recorded consultation as data."""
    with SCRIPT.open(encoding="utf-8") as file:
        read: dict[str, Any] = yaml.safe_load(file)
    return read


def command(voice: str, words: str, file: Path) -> list[str]:
    return ["flite", "-voice", voice, "-t", words, "-o", str(file)]


def main() -> None:
    played = script()
    AUDIO.mkdir(exist_ok=True)
    for turn in played["turns"]:
        file = AUDIO / turn["file"]
        subprocess.run(command(played["voice"], turn["words"], file), check=True)
        with wave.open(str(file)) as made:
            if (made.getframerate(), made.getnchannels(), made.getsampwidth()) != (played["rate_hz"], 1, 2):
                sys.exit(f"{turn['file']} is not 16-bit mono at {played['rate_hz']} Hz")


if __name__ == "__main__":
    main()
