"""What masking costs a turn, and a streamed token: `python -m bench.providers.masking`. No network, one process."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from statistics import median
from uuid import UUID

from auricle.agents.config import AgentConfig
from auricle.agents.prompts import system_prompt
from auricle.ai.port import Known
from auricle.providers.call import Call
from auricle.providers.masking.guard import Masked, MaskingGuard, answered
from auricle.providers.masking.policy import Masking
from auricle.providers.ports import ChatMessage, LanguageEvent, LanguageRequest, TextDelta

ASHA = Known(
    names=["Asha Rao", "Asha", "Rao", "Meera Iyer", "Meera", "Iyer"],
    phones=["+91 98450 12345"],
    emails=["asha.rao@example.com"],
    record_numbers=["LC-1042"],
    addresses=["12 Temple Road, Mylapore"],
    birth_date="1961-03-04",
)
SAYS = "My left ear hurts since three days, says my husband, and I take metformin 500 mg twice a day, number {}."
PASSAGE = (
    "A hearing aid whistles when sound that comes out of it goes in again. Put it in anew, and clean the mould. {}. "
)
TURNS, TOKENS = 40, 20_000
WORDS = [" Please", " take", " a", " seat", ",", " and", " tell", " [PER", "SON_1", "],", " how", " it", " is", "."]


def request(turn: int) -> LanguageRequest:
    """The `turn`-th of a talk: a prompt, twenty messages, 4,000 characters of passages that change, new words."""
    history = [
        ChatMessage("user" if n % 2 == 0 else "assistant", SAYS.format(n))
        for n in range(max(0, turn - 10) * 2, turn * 2)
    ]
    knowledge = "\n".join(PASSAGE.format(f"page {turn % 7} {n}") for n in range(36))
    prompt = system_prompt(AgentConfig.model_validate({"name": "Auricle"}), "en")
    return LanguageRequest(
        [
            ChatMessage("system", prompt),
            *history,
            ChatMessage("system", knowledge),
            ChatMessage("user", SAYS.format(turn)),
        ]
    )


async def turns() -> None:
    async def known(_: Call) -> Known:
        return ASHA

    guard, call = MaskingGuard(known), Call(UUID(int=1), consultation_id=UUID(int=2))
    took, cpu = list[float](), list[float]()
    for turn in range(TURNS):
        asked, at, cpu_at = request(turn), time.perf_counter(), time.process_time()
        await guard.request(call, Masking("text"), asked)
        took.append((time.perf_counter() - at) * 1000)
        cpu.append((time.process_time() - cpu_at) * 1000)
    size = sum(len(m.content) for m in request(TURNS).messages)
    print(f"a turn of {size:,} characters, ms (wall, CPU)")
    print(f"  the first, with all that is loaded once   {took[0]:8.2f} {cpu[0]:8.2f}")
    print(f"  new words and 4,000 characters of passages {median(took[1:7]):7.2f} {median(cpu[1:7]):8.2f}")
    print(f"  new words, passages met before            {median(took[10:]):8.2f} {median(cpu[10:]):8.2f}")
    at = time.perf_counter()
    for _ in range(200):
        await guard.request(call, Masking("text"), asked)
    print(f"  asked again (another attempt)             {(time.perf_counter() - at) * 5:8.2f}")


async def tokens() -> None:
    events = [TextDelta(WORDS[n % len(WORDS)]) for n in range(TOKENS)]

    async def model() -> AsyncGenerator[LanguageEvent, None]:
        for one in events:
            yield one

    async def read(stream: AsyncGenerator[LanguageEvent, None]) -> float:
        at = time.process_time()
        async with aclosing(stream) as pieces:
            async for _ in pieces:
                pass
        return (time.process_time() - at) / TOKENS * 1e6

    masked = Masked(LanguageRequest([]), {"[PERSON_1]": "Asha Rao"})
    plain = [await read(model()) for _ in range(7)]
    restored = [await read(answered(model(), masked)) for _ in range(7)]
    print(f"a streamed token, us CPU: {median(plain):.2f} as it is, {median(restored):.2f} with names put back")


async def main() -> None:
    await turns()
    await tokens()


if __name__ == "__main__":
    asyncio.run(main())
