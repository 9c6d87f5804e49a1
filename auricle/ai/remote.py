"""The clinical AI behind HTTP: one AI service, or several that are asked in turn.

Every question may be asked again, since asking changes nothing: what a lost connection, a restart or a full service
leaves unanswered goes to the next address, or to the same one a moment later. Each address has a circuit breaker. While
none may be asked, every call ends at once as `AIUnavailable`.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

import httpx2

from auricle.ai import wire
from auricle.ai.badge import VALID_S, make_badge
from auricle.ai.place import AIAway, Place
from auricle.ai.port import AIUnavailable, Busy, ClinicalAI
from auricle.errors import AuricleError, Misconfigured
from auricle.log import request_id
from auricle.providers.connections import shared_ssl_context
from auricle.settings import AI
from auricle.telemetry import AI_STEPS

P = ParamSpec("P")
R = TypeVar("R")

MAX_ANSWER_BYTES = 64_000_000
PAUSE_S = 0.2  # before a question is asked again; twice as long each time, scattered
LIVES_S = 3.0  # how long a service that says nothing may take to say that it lives
LOOKS = 2  # times in a row that it must fail to


class AIRefused(AIUnavailable):
    """The AI service refuses us; do both know the same secret, and is the address right?"""

    code = "ai.refused"


class AILost(AIUnavailable):
    """The AI service can't be reached, or went away before it answered."""

    code = "ai.lost"


class AISilent(AIUnavailable):
    """The AI service takes connections and says nothing."""

    code = "ai.silent"


def asked(
    question: Callable[Concatenate[ClinicalAI, P], Coroutine[Any, Any, R]], step: wire.Step
) -> Callable[Concatenate["RemoteAI", P], Coroutine[Any, Any, R]]:
    """A method that asks a question of the port of the service, with the very same signature."""

    async def ask(self: "RemoteAI", /, *args: P.args, **named: P.kwargs) -> R:
        answer: R = await self.ask(step, step.written(*args, **named))
        return answer

    ask.__name__, ask.__doc__ = question.__name__, question.__doc__
    return ask


class RemoteAI:
    """`ClinicalAI` by the AI service at the settings' addresses. Opens nothing before it is asked."""

    mask = asked(ClinicalAI.mask, wire.MASK)
    entities = asked(ClinicalAI.entities, wire.ENTITIES)
    write = asked(ClinicalAI.write, wire.WRITE)
    judge = asked(ClinicalAI.judge, wire.JUDGE)

    def __init__(self, settings: AI, *, now: Callable[[], float] = time.monotonic) -> None:
        if not settings.url:
            raise Misconfigured("AURICLE_AI__URL is not set.")
        self._settings, self._now = settings, now
        urls = [url.rstrip("/") for url in settings.url.split(",")]
        self._places = [Place(url, number) for number, url in enumerate(urls, start=1)]
        self._next = random.randrange(len(urls))  # not every process begins with the first
        self._badge, self._badge_until = "", 0.0
        self._client = httpx2.AsyncClient(
            verify=shared_ssl_context() if any(u.startswith("https:") for u in urls) else False,  # noqa: S501 - no TLS at all
            # The whole is bounded by `ask`; that it is still alive meanwhile is looked after by `_once`.
            timeout=httpx2.Timeout(None, connect=settings.connect_s),
            limits=httpx2.Limits(max_connections=200, max_keepalive_connections=32, keepalive_expiry=30.0),
            headers={"user-agent": "auricle", "content-type": "application/json"},
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    def state(self) -> str:
        """`ok` while every address may be asked, else what their breakers say, the best first."""
        states = [place.state(self._now()) for place in self._places]
        if all(state == "closed" for state in states):
            return "ok"
        best = next(state for state in ("closed", "half_open", "open") if state in states)
        return f"degraded, {states.count('closed')} of {len(states)} answer" if best == "closed" else best

    async def ask(self, step: wire.Step, body: bytes) -> Any:
        """Ask until it is answered, refused, or tried often enough.

        Raises:
            Busy: it has no place for us now.
            AIUnavailable: no address answers; `reason` is the code of the last failure.
            and what the service's own typed errors stand for.
        """
        tried: list[Place] = []
        started, outcome = self._now(), "cancelled"
        try:
            answer = await self._bounded(step, body, tried)
            outcome = "ok"
            return answer
        except AuricleError as error:
            outcome = error.code
            raise
        finally:
            AI_STEPS.labels(step=step.name, outcome=outcome).observe(self._now() - started)

    async def _bounded(self, step: wire.Step, body: bytes, tried: list[Place]) -> Any:
        """Within the time that the whole may take; every way to find nobody becomes `AIUnavailable`."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._asked(step, body, tried)
        except TimeoutError:
            if tried:
                tried[-1].broke(AISilent.code, self._now())
            failed: AIUnavailable = AISilent()
        except Busy:
            raise
        except AIUnavailable as error:
            failed = error
        soonest = min((place.away_s(self._now()) for place in self._places), default=1.0)
        reason = failed.context.get("reason", failed.code)
        raise AIUnavailable(reason=reason, retry_after_s=max(1.0, round(soonest, 1)))

    async def _asked(self, step: wire.Step, body: bytes, tried: list[Place]) -> Any:
        """One address after the other; `tried` tells the caller where it is."""
        for attempt in range(1, self._settings.attempts + 1):
            try:
                tried.append(self._place(other_than=tried[-1] if tried else None))
                return await self._tried(tried[-1], step, body)
            except AIUnavailable as error:
                if attempt == self._settings.attempts or not self._may_help(error):
                    raise
                await asyncio.sleep(pause_s(attempt, error))
        raise AIAway

    def _may_help(self, error: AIUnavailable) -> bool:
        """Whether to ask again now: not the only one that there is after it kept us waiting for nothing."""
        if isinstance(error, AISilent):
            return len(self._places) > 1
        return not isinstance(error, AIRefused | AIAway)

    def _place(self, other_than: Place | None) -> Place:
        """The next address whose breaker allows it, rather another one than before. Raises `AIUnavailable`."""
        now = self._now()
        order = [*self._places[self._next :], *self._places[: self._next]]
        self._next = (self._next + 1) % len(self._places)
        open_to_us = [place for place in order if place.breaker.allows(now)]
        if not open_to_us:
            raise min(order, key=lambda place: place.away_s(now)).away(now)
        return next((place for place in open_to_us if place is not other_than), open_to_us[0])

    async def _tried(self, place: Place, step: wire.Step, body: bytes) -> Any:
        """Ask one address once, and tell its breaker how that ended."""
        place.begin(self._now())
        try:
            answer = await self._once(place, step, body)
        except Busy as busy:
            place.busy(busy, self._now())
            raise
        except AIRefused as refused:
            place.refused(refused.code)
            raise
        except AIUnavailable as error:
            place.broke(error.code, self._now())
            raise
        except AuricleError:  # it works, and says that we asked for something wrong
            place.succeeded(self._now())
            raise
        except BaseException:  # our caller has gone
            place.breaker.cancelled()
            raise
        place.succeeded(self._now())
        return answer

    async def _once(self, place: Place, step: wire.Step, body: bytes) -> Any:
        """The answer of one address. Raises `AISilent` where it says nothing and does not even say that it lives."""
        sent = asyncio.create_task(self._answer(place.url + step.path, body), name="ask the AI service")
        try:
            while not (await asyncio.wait({sent}, timeout=self._settings.look_s))[0]:
                if not await self._lives(place):
                    raise AISilent
            status, content = sent.result()
        finally:
            sent.cancel()
            await asyncio.gather(sent, return_exceptions=True)
        if status == 200:
            return wire.read_answer(step, content)
        raise failure_of(status, content)

    async def _answer(self, url: str, body: bytes) -> tuple[int, bytes]:
        received = bytearray()
        try:
            async with self._client.stream("POST", url, content=body, headers=self._headers()) as answer:
                async for piece in answer.aiter_bytes():
                    received += piece
                    if len(received) > MAX_ANSWER_BYTES:
                        raise wire.UnreadableAnswer(bytes=len(received))
                return answer.status_code, bytes(received)
        except httpx2.HTTPError:
            raise AILost from None

    async def _lives(self, place: Place) -> bool:
        for _ in range(LOOKS):
            try:
                await self._client.get(f"{place.url}/health", timeout=LIVES_S)
            except httpx2.HTTPError:
                continue
            return True
        return False

    def _headers(self) -> dict[str, str]:
        headers = {"x-request-id": request_id.get()} if request_id.get() else {}
        if self._settings.secret is not None:
            if self._now() >= self._badge_until:
                self._badge, self._badge_until = (
                    make_badge(self._settings.secret, time.time()),
                    self._now() + VALID_S / 2,
                )
            headers["authorization"] = f"Bearer {self._badge}"
        return headers


def failure_of(status: int, content: bytes) -> AuricleError:
    """What an answer that is none stands for; nothing of what the other side wrote in prose is passed on."""
    if status in (401, 403, 404, 405):
        return AIRefused(status=status)
    known = wire.error_of(content)
    if known is not None:
        return known
    return AILost(status=status) if status >= 500 else AIRefused(status=status)


def pause_s(attempt: int, error: AIUnavailable) -> float:
    asked_for = float(error.context.get("retry_after_s", 0.0)) if isinstance(error, Busy) else 0.0
    pause: float = max(asked_for, PAUSE_S * 2.0 ** (attempt - 1)) * random.uniform(1.0, 1.5)
    return pause
