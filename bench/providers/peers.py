"""The environments of the readers, each made at first use below the cache folder, and what they weigh."""

import os
import subprocess
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

# What `auricle/providers` itself imports to run over a wire. The rest of the product needs more.
OURS = "auricle"
ENVIRONMENTS: Mapping[str, Sequence[str]] = {
    OURS: (
        "httpx2>=2.16", "orjson>=3.13", "websockets>=17", "genai-prices>=0.2.3", "pydantic>=2.14",
        "pydantic-settings>=2.16", "pyyaml>=6.0.3", "uuid-utils>=1.2", "prometheus-client>=0.26", "numpy>=2.4",
        "pyjwt>=2.15", "cryptography>=50",
    ),
    "openai": ("openai==3.52.0",),
    "langchain": ("langchain-openai>=1.3",),
    "pydantic-ai": ("pydantic-ai-slim[openai]>=2.68",),
    "litellm": ("litellm==1.109.1",),
}  # fmt: skip
CAME_WITH_IT = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence")
READERS: Mapping[str, str] = {
    "socket_floor": OURS,
    "auricle_dialect": OURS,
    "auricle_router": OURS,
    "openai_sdk": "openai",
    "langchain": "langchain",
    "pydantic_ai": "pydantic-ai",
    "litellm": "litellm",
}


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auricle-bench" / "providers"


def python_of(folder: Path, name: str) -> Path:
    """The interpreter of an environment. `ready` in its folder says with what its installation was finished."""
    home, wanted = folder / name, "\n".join(ENVIRONMENTS[name])
    ready = home / "ready"
    if not ready.is_file() or ready.read_text("utf-8") != wanted:
        print(f"installing {name} below {folder} …", flush=True)
        venv.create(home, with_pip=True, clear=True)
        command = [home / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*command, *ENVIRONMENTS[name]], check=True)
        ready.write_text(wanted, "utf-8")
    return home / "bin" / "python"


def size_mb(folder: Path, name: str, *packages: str) -> float:
    """What was installed, without pip, which came with the environment, and without bytecode. With `packages`: what
    begins with their names."""
    place = next((folder / name / "lib").glob("python3.*")) / "site-packages"
    parts = [part for part in place.iterdir() if not part.name.startswith(CAME_WITH_IT)]
    if packages:
        parts = [part for part in parts if part.name.startswith(packages)]
    files = [file for part in parts for file in ([part] if part.is_file() else part.rglob("*"))]
    return sum(f.stat().st_size for f in files if f.is_file() and f.suffix != ".pyc") / 1e6
