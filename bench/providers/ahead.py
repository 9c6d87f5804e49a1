"""What a first turn gains by sockets that were opened ahead: to the first token over TLS with a round trip.

    python -m bench.providers.ahead --rtt-ms 50 [--calls 20]

The emulated OpenAI server behind TLS and a line with this round trip, for the handshake of TCP too. A new router for
each call, as in a process whose sockets have gone cold.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

import trustme
from pydantic import SecretStr

from auricle.providers.call import Call, Choice
from auricle.providers.ports import ChatMessage, LanguageRequest, TextDelta
from auricle.providers.routing import router_for
from auricle.settings import Provider, Settings
from bench.providers.speech_wires import line_to
from tests.emulators.openai_chat import OpenAIEmulator

GREETING_S = 1.5  # in which sockets can be opened


async def first_token_ms(settings: Settings, *, ahead: bool) -> float:
    router = router_for(settings, lambda _: None)
    call = Call(None, [Choice("far")], retries=0)
    try:
        if ahead:
            router.open_ahead({"llm": call})
            await asyncio.sleep(GREETING_S)
        asked = time.perf_counter()
        async with aclosing(router.generate(call, LanguageRequest([ChatMessage("user", "Go on.")]))) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    return (time.perf_counter() - asked) * 1000
        raise SystemExit("no token came")
    finally:
        await router.aclose()


async def measure(rtt_s: float, calls: int, folder: Path) -> None:
    async with (
        OpenAIEmulator().secured(folder / "server.pem") as server,
        line_to(int(server.url.split(":")[2].split("/")[0]), rtt_s / 2) as port,
    ):
        far = Provider(url=f"https://127.0.0.1:{port}/v1", key=SecretStr(server.key), llm="m")
        settings = Settings(data_dir=folder, providers={"far": far})
        found: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(calls):
            for ahead in (False, True):
                found[ahead].append(await first_token_ms(settings, ahead=ahead))
    for ahead, name in ((False, "cold"), (True, "opened ahead")):
        print(f"{name:14} p50 {statistics.median(found[ahead]):6.0f} ms  best {min(found[ahead]):6.0f} ms")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rtt-ms", type=float, default=50.0)
    asked.add_argument("--calls", type=int, default=20)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="auricle-ahead-") as name:
        folder, authority = Path(name), trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
        asyncio.run(measure(given.rtt_ms / 1000, given.calls, folder))


if __name__ == "__main__":
    main()
