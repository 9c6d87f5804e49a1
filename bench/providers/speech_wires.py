"""What it costs to ask for one sentence of speech: over HTTP with its connection kept, and over a socket opened for it.

    python -m bench.providers.speech_wires --rtt-ms 50

The emulators of vendors that offer both, behind TLS and a line with this round trip: no time of a real vendor's is in
it. Wall-clock figures are of this machine: compare them with one another only.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import trustme
from pydantic import SecretStr

from auricle.providers.choice import account_of
from auricle.providers.connections import Connections
from auricle.providers.ports import Audio
from auricle.providers.registry import vendor_named
from auricle.settings import Provider
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.sarvam import SarvamEmulator
from tests.emulators.server import Emulator

SENTENCE = "Please take a seat, the doctor will see you soon."
VENDORS: dict[str, type[Emulator]] = {"elevenlabs": ElevenLabsEmulator, "sarvam": SarvamEmulator}


@asynccontextmanager
async def line_to(port: int, one_way_s: float) -> AsyncIterator[int]:
    """A port that leads to another, each direction delayed as by distance."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

        async def deliver() -> None:
            while True:
                at, data = await waiting.get()
                await asyncio.sleep(at - loop.time())
                if not data:
                    writer.close()
                    return
                writer.write(data)

        delivering = asyncio.create_task(deliver())
        try:
            while data := await reader.read(65_536):
                waiting.put_nowait((loop.time() + one_way_s, data))
        finally:
            waiting.put_nowait((loop.time() + one_way_s, b""))
            await asyncio.gather(delivering, return_exceptions=True)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        # The first byte of a connection travels as far again: that is its handshake.
        await asyncio.sleep(2 * one_way_s)
        await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def first_audio_ms(vendor: str, url: str, wire: str, sentences: int) -> tuple[list[float], float]:
    """Milliseconds to the first sound of each sentence, and processor milliseconds a sentence (emulator included)."""
    given = Provider(vendor=vendor, url=url, key=SecretStr("right-key"), options={"tts_wire": wire})
    connections = Connections(10.0)
    account = account_of(vendor, vendor_named(vendor), given, connections, Path())
    constructor: Any = vendor_named(vendor).tts
    voice, took = constructor(account), []
    cpu = time.process_time()
    for _ in range(sentences):
        start, first = time.perf_counter(), None
        async with aclosing(voice.speak(SENTENCE, voice=None, language="en", settings={})) as events:
            async for event in events:
                if first is None and isinstance(event, Audio):
                    first = time.perf_counter() - start
        assert first is not None
        took.append(first * 1000)
    cpu_ms = (time.process_time() - cpu) * 1000 / sentences
    await connections.aclose()
    return took, cpu_ms


async def measure(rtt_ms: float, sentences: int, certificate: Path) -> None:
    print(f"round trip {rtt_ms:g} ms, {sentences} sentences each; ms to the first sound")
    print(f"{'vendor':12}{'wire':8}{'first':>8}{'p50':>8}{'p95':>8}{'CPU ms':>8}")
    for vendor, kind in VENDORS.items():
        async with (
            kind().secured(certificate) as emulator,
            line_to(int(emulator.url.rsplit(":", 1)[1]), rtt_ms / 2000) as port,
        ):
            for wire in ("http", "socket"):
                took, cpu_ms = await first_audio_ms(vendor, f"https://localhost:{port}", wire, sentences)
                later = sorted(took[1:])
                p95 = later[int(0.95 * (len(later) - 1))]
                print(f"{vendor:12}{wire:8}{took[0]:8.0f}{statistics.median(later):8.0f}{p95:8.0f}{cpu_ms:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt-ms", type=float, default=50.0)
    parser.add_argument("--sentences", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        os.environ["SSL_CERT_FILE"] = (
            f"{folder}/ca.pem"  # read when this process makes its TLS context, at the first use
        )
        asyncio.run(measure(asked.rtt_ms, asked.sentences, Path(folder) / "server.pem"))


if __name__ == "__main__":
    main()
