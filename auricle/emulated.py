"""`auricle emulators`: every vendor's emulator on a port of this machine, so that all can be tried without a key.

They are those that our tests run against, with the same faults. In a checkout they lie beside the package; an installed
one has them in itself.
"""

import asyncio
import importlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from auricle.errors import Conflict, Misconfigured, NotFound
from auricle.providers.registry import vendor_named

PACKAGE = "auricle_emulators"  # the name that the folder is loaded by
FOLDERS = (Path(__file__).with_name("emulators"), Path(__file__).parents[1] / "tests" / "emulators")
MARK = "# Written by `auricle emulators`; written anew when it runs again."
TIDY_S = 5.0
NUMBERED = {"status": (400, 599), "close": (1000, 4999)}  # faults that a number belongs to, and which
USUAL = ("status-401", "status-404", "status-429", "status-500", "status-503", "close-1008", "close-1011")


@dataclass(frozen=True, slots=True)
class Running:
    """One emulator at work. `fault` None: it is well."""

    vendor: str
    url: str
    key: str
    fault: str | None

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes an installation use it."""
        prefix, vendor = f"AURICLE_PROVIDERS__{self.vendor.upper()}", vendor_named(self.vendor)
        given: dict[str, str] = {"vendor": self.vendor, "url": self.url, "key": self.key}
        if not vendor.models:  # it has no usual ones
            given |= dict.fromkeys(vendor.capabilities, "emulated")
        return {f"{prefix}__{name.upper()}": value for name, value in given.items()}


async def emulate(
    names: Sequence[str],
    faults: Mapping[str, str],
    port: int,
    file: Path | None,
    say: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Run emulators until told to stop. `names` empty: all. Raises `NotFound`, `Misconfigured` or `Conflict`."""
    known = emulators()
    for name in (*names, *faults):
        if name not in known:
            raise NotFound(f"There is no emulator of {name!r}, but of: {', '.join(sorted(known))}.")
    if missing := [name for name in faults if names and name not in names]:
        raise Misconfigured(f"A fault is given for {missing[0]}, which is not to run.")
    named = {name: fault_of(name) for name in (*get_args(server().FaultName), *USUAL, *faults.values())}
    async with AsyncExitStack() as stack:
        started, running = [], []
        for number, (name, module) in enumerate(sorted(known.items())):  # so each has its own port, whoever runs
            if not names or name in names:
                emulator, fault = module.EMULATOR(), faults.get(name)
                if port:
                    listen(emulator, port + number)
                for one, what in named.items():
                    emulator.account(one, what)  # reached by its name in the path
                started.append(await stack.enter_async_context(emulator))
                url = emulator.url if fault is None else emulator.account(fault)
                running.append(Running(name, url, emulator.key, fault))
        tell(running, say)
        if file is not None:
            write(running, file)
            say(f"\nwritten to {file}")
        await until(stop, started)


def listen(emulator: Any, port: int) -> None:
    try:
        emulator.at(port)
    except OSError:
        raise Conflict(f"Port {port} is taken; choose others with --port.") from None


async def until(stop: asyncio.Event, started: Sequence[Any]) -> None:
    """Wait, and let go of what was asked meanwhile: tests look at it, here nobody does."""
    while not stop.is_set():
        for emulator in started:
            for kept in (emulator.requests, emulator.received, emulator.sent):
                kept.clear()
        try:
            await asyncio.wait_for(stop.wait(), TIDY_S)
        except TimeoutError:
            continue


def emulators() -> dict[str, ModuleType]:
    """The emulators' modules by vendor. Raises `Misconfigured` where there are none."""
    folder = next((folder for folder in FOLDERS if (folder / "server.py").is_file()), None)
    if folder is None:
        raise Misconfigured("This installation holds no emulators.")
    if PACKAGE not in sys.modules:
        package = ModuleType(PACKAGE)
        package.__path__ = [str(folder)]
        sys.modules[PACKAGE] = package
    found = {}
    for file in sorted(folder.glob("*.py")):
        if re.search(r"^EMULATOR = ", file.read_text("utf-8"), re.MULTILINE):
            module = importlib.import_module(f"{PACKAGE}.{file.stem}")
            found[module.EMULATOR.vendor] = module
    return found


def server() -> ModuleType:
    return sys.modules[f"{PACKAGE}.server"]


def fault_of(name: str) -> Any:
    """A fault by its name; `status-429` is that status, `close-1008` that code. Raises `Misconfigured`."""
    kind, _, number = name.partition("-")
    if kind not in get_args(server().FaultName):
        raise Misconfigured(f"There is no fault {name!r}, but: {', '.join(get_args(server().FaultName))}.")
    if not number:
        return server().Fault(kind, 1011 if kind == "close" else 500)
    least, most = NUMBERED.get(kind, (0, 0))
    if not (number.isascii() and number.isdigit() and least <= int(number[:5]) <= most):
        raise Misconfigured(f"There is no fault {name!r}, but status-400 to status-599 and close-1000 to close-4999.")
    return server().Fault(kind, int(number))


def tell(running: Sequence[Running], say: Callable[[str], None]) -> None:
    say(f"{'vendor':20} {'address':34} {'can':40} fault")
    for one in running:
        able = " ".join(vendor_named(one.vendor).capabilities)
        say(f"{one.vendor:20} {one.url:34} {able:40} {one.fault or '–'}")
    say("\nA fault's name before an address's path brings it about, as http://127.0.0.1:PORT/stall_first/v1:")
    say(f"{', '.join(name for name in get_args(server().FaultName) if name != 'none')}, {', '.join(USUAL)}")
    say("\nThe settings that use them, for .env (or --write it):\n")
    for one in running:
        for name, value in one.settings.items():
            say(f"{name}={value}")


def write(running: Sequence[Running], file: Path) -> None:
    """The same as a file of settings. Raises `Conflict` where the file is somebody else's."""
    if file.exists() and not file.read_text("utf-8").startswith(MARK):
        raise Conflict(f"{file} is there already and not ours: name another file, or add what was printed to it.")
    lines = [f"{name}={value}" for one in running for name, value in one.settings.items()]
    file.write_text("\n".join([MARK, *lines, ""]), "utf-8")
