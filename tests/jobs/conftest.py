"""A file that tasks write into, and worker processes that can be killed."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LEDGER = Path(__file__).parent / "ledger.py"


@pytest.fixture(scope="session")
def ledger() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ledger", LEDGER)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ledger"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def book(ledger, urls, tmp_path) -> Any:
    return ledger.Book(urls.worker, tmp_path / "book")


@pytest.fixture
def start_worker(book) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, LEDGER, book.worker_url, book.path], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
