"""Peers beside our server under one load client: `python -m bench.voice.peers --levels 1,10`.

The peers' servers and the load client are those of the shared bench (AURICLE_SHARED_BENCH, else ../shared/bench/voice
beside this repository); each peer is installed into an environment of its own below the cache folder.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

from bench.voice.processes import ROOT, product, vendors
from bench.voice.run import say

PEERS: Mapping[str, tuple[str, ...]] = {
    "pipecat": ("pipecat-ai[silero,websocket]==1.14.0",),
    "livekit": ("livekit-agents==1.8.9", "livekit-plugins-silero==1.8.9"),
}
SERVERS = ("fastapi", "uvicorn", "uvloop", "websockets", "psutil", "numpy")
RAMP_S = "14"  # in which our callers hear the notice and the greeting; the same for all


def shared() -> Path:
    return Path(os.environ.get("AURICLE_SHARED_BENCH", ROOT.parent / "shared" / "bench" / "voice"))


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auricle-bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--servers", default="auricle,pipecat,livekit")
    parser.add_argument("--levels", default="1,10")
    parser.add_argument("--seconds", default="40")
    parser.add_argument("--cache", type=Path, default=cache(), help="where the peers' environments are")
    parser.add_argument("--out", type=Path, default=Path("peers.jsonl"), help="a line is added for each level")
    parser.add_argument("--providers", choices=("inside", "sockets"), default="inside")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--log", default=os.devnull)
    given = parser.parse_args()
    if not (shared() / "loadclient.py").is_file():
        sys.exit(f"The shared bench is not at {shared()}; set AURICLE_SHARED_BENCH.")
    for server in given.servers.split(","):
        if server == "auricle":
            ours(given)
        else:
            peer(given, server, python_of(given.cache, server))


def python_of(folder: Path, peer: str) -> Path:
    """The interpreter of a peer's environment, made at first use."""
    python = folder / peer / "bin" / "python"
    if not python.is_file():
        say(f"installing {peer} below {folder} …")
        venv.create(folder / peer, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[peer], *SERVERS], check=True)
    return python


def peer(given: argparse.Namespace, name: str, python: Path) -> None:
    """The shared bench's own sweep: a new server for each level."""
    with vendors(given) as settings:
        url = settings.get("AURICLE_PROVIDERS__BENCH__URL")
        fakes = (
            f"{ROOT / 'bench' / 'voice' / 'socket_fakes.py'} {name} {shared()} {url}" if url else f"{name}_server.py"
        )
        swept(given, name, f"{python} {fakes} {{port}}")


def swept(given: argparse.Namespace, name: str, server: str) -> None:
    command = [sys.executable, "sweep.py", "--server", server, "--path", "/twilio"]
    command += ["--proto", "twilio", "--levels", given.levels, "--secs", given.seconds, "--label", name]
    command += ["--server-cpu", str(given.server_core), "--client-cpu", str(given.client_core)]
    command += ["--log", given.log, "--out", str(given.out.absolute()), "--", "--ramp", RAMP_S]
    subprocess.run(command, cwd=shared(), check=False)


def ours(given: argparse.Namespace) -> None:
    os.sched_setaffinity(0, {given.client_core})
    with tempfile.TemporaryDirectory(prefix="auricle-peers-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        settings = {"AURICLE_VOICE__MAX_CALLS": "1000"}
        with product(folder, given, settings, "--front") as (url, pid, _):
            media = url.replace("http", "ws", 1) + "/twilio"
            for calls in ("1", *given.levels.split(",")):  # a first one that does not count loads what is loaded once
                line = loaded(given, media, calls, pid)
                print(line, flush=True)
                with given.out.open("a") as out:
                    out.write(line + "\n")


def loaded(given: argparse.Namespace, url: str, calls: str, pid: int) -> str:
    command = f"loadclient.py --url {url} --proto twilio --n {calls} --secs {given.seconds} --ramp {RAMP_S}"
    command += f" --server-pid {pid} --label auricle"
    done = subprocess.run(
        [sys.executable, *shlex.split(command)], cwd=shared(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
