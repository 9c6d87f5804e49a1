"""Local embeddings by `sentence-transformers`, from a folder of weights that the owner has put there. Never downloads.

The package wants torch (gigabytes), so it is no part of this project's own installation: `uv pip install
sentence-transformers`, and the model's folder as `models/sentence-transformers/<name>` in the data folder.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auricle.log import event
from auricle.providers.account import Account
from auricle.providers.dialects.vectors import batches, stacked, unit
from auricle.providers.ports import Embeddings, ProviderFailed, ProviderRefused, Usage
from auricle.providers.vendor import Vendor

log = logging.getLogger(__name__)

FOLDER = "sentence-transformers"  # in the folder of models
TEXTS_A_HOP = 16  # then other work of the thread gets its turn


class Embed:
    """`Embedder` with the prompts that the model's own files give for queries and documents."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._device = account.options.get("device")
        self._loading = threading.Lock()
        self._models: dict[Path, Any] = {}
        # A query must not wait behind a document's batches: each kind has its own thread.
        self._threads = {
            "query": ThreadPoolExecutor(1, thread_name_prefix="sentence-query"),
            "document": ThreadPoolExecutor(1, thread_name_prefix="sentence-document"),
        }

    async def warm(self) -> None:
        """Load the model, where it is there; where not, every call will say so."""
        try:
            await self.embed(["warm"], task="query")
        except ProviderFailed as missing:
            event(log, "local embedding model not loaded", logging.WARNING, error_code=missing.code)

    async def aclose(self) -> None:
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        folder = self._folder(self._account.model("embedding", model))
        loop, thread = asyncio.get_running_loop(), self._threads[task]
        parts: list[NDArray[np.float32]] = []
        for batch in batches(texts, most=TEXTS_A_HOP, most_characters=100_000):
            rows = await loop.run_in_executor(thread, self._encoded, folder, list(batch), task)
            parts.append(unit(rows, len(batch)))
        return Embeddings(stacked(parts), Usage(characters=sum(map(len, texts))))

    def _encoded(self, folder: Path, texts: list[str], task: str) -> Any:
        model = self._model(folder)
        encode = model.encode_query if task == "query" else model.encode_document
        return encode(texts, convert_to_numpy=True, show_progress_bar=False)

    def _folder(self, name: str) -> Path:
        """The model's folder. Raises `ProviderRefused` where the package or the folder is missing."""
        if find_spec("sentence_transformers") is None:
            raise ProviderRefused("The package sentence-transformers is not installed: `uv pip install` it.")
        folder = self._account.models_path / FOLDER / name
        if Path(name).name != name or not (folder / "modules.json").is_file():
            raise ProviderRefused(f"This model is not here: put its folder into `{FOLDER}` of the models.", model=name)
        return folder

    def _model(self, folder: Path) -> Any:
        from sentence_transformers import SentenceTransformer

        with self._loading:
            if folder not in self._models:
                try:
                    self._models[folder] = SentenceTransformer(
                        str(folder), device=self._device, local_files_only=True, trust_remote_code=False
                    )
                except (OSError, RuntimeError, ValueError, KeyError) as broken:
                    raise ProviderFailed("The local model could not be loaded.", model=folder.name) from broken
            return self._models[folder]


VENDOR = Vendor(
    "sentence_transformers",
    embedding=Embed,
    needs_key=False,
    needs_url=False,
    options={"device": "`cpu`, `cuda`, `cuda:1`, `mps`; unset: the best that is there."},
)
