"""The installation a demo talks to: the one that runs already, or one of its own for the length of the demo."""

import contextlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

from auricle.errors import Unavailable
from auricle.settings import Settings

START_S = 120.0


class DidNotStart(Unavailable):
    """The installation for the demo did not start; run `auricle up` to see why."""

    code = "demo.did_not_start"


def answers(url: str) -> bool:
    with (
        contextlib.suppress(urllib.error.URLError, OSError),
        urllib.request.urlopen(  # noqa: S310 - our own address
            f"{url}/ready", timeout=2
        ) as answer,
    ):
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def installation(settings: Settings, say: Callable[[str], None]) -> Iterator[str]:
    """The address of a running installation."""
    url = settings.base_url
    if answers(url):
        say(f"using the installation at {url}")
        yield url
        return
    say("no installation is running; starting one for the demo …")
    command = [
        sys.executable,
        "-m",
        "auricle",
        "up",
        "--data-dir",
        str(settings.data_dir),
        "--port",
        str(settings.port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)
