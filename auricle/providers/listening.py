"""Live speech recognition over several providers, as one stream of transcripts."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing

from auricle.log import event
from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.call import Call, Served
from auricle.providers.deadlines import Watchdog
from auricle.providers.ports import EndOfSpeech, ProviderFailed, ProviderGarbled, Transcript, Usage
from auricle.providers.replay import AudioRelay
from auricle.settings import Timeouts

log = logging.getLogger(__name__)

Event = Served | Transcript | Usage


async def listen(
    begin: Callable[[], Awaitable[Attempts]],
    call: Call,
    audio: AsyncIterator[bytes | EndOfSpeech],
    *,
    rate_hz: int,
    timeouts: Timeouts,
    allow: Callable[[Attempt], Awaitable[Sequence[str]]],
) -> AsyncGenerator[Event, None]:
    """Transcribe until the audio ends. Each `END_OF_SPEECH` must be followed by its final within `first_s`, and the end
    of the audio by that of the transcripts within `gap_s`. `allow` gives the keyterms that a provider may be told.
    """
    attempts = await begin()
    watchdog = Watchdog()

    def watch() -> None:
        since, within_s, phase = relay.waiting_since, timeouts.first_s, "final"
        if since is None:
            since, within_s, phase = relay.ended_since, timeouts.gap_s, "end"
        watchdog.expect(None if since is None else max(since, started_at) + within_s, phase)

    started_at = watchdog.now()
    relay = AudioRelay(rate_hz, watch)
    pump = asyncio.create_task(_fill(relay, audio), name="audio-to-provider")
    try:
        while True:
            attempt = await attempts.next()
            started_at = watchdog.now()
            watch()
            try:
                async with aclosing(_once(attempt, call, relay, watchdog, rate_hz, allow)) as events:
                    async for one in events:
                        if isinstance(one, Transcript) and one.is_final:
                            watch()
                            attempts.begin_again(attempt)
                        yield one
            except ProviderFailed as error:
                attempts.failed(attempt, error)
                if relay.is_finished:
                    break  # nothing is left to be heard
            else:
                break
        if pump.done():
            pump.result()  # the caller's own failure, if it had one
    finally:
        watchdog.close()
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        if relay.dropped_s:
            event(log, "audio was dropped unheard", logging.WARNING, seconds=round(relay.dropped_s, 2))


async def _fill(relay: AudioRelay, audio: AsyncIterator[bytes | EndOfSpeech]) -> None:
    try:
        async for piece in audio:
            relay.put(piece)
    finally:
        relay.close()


async def _once(
    attempt: Attempt,
    call: Call,
    relay: AudioRelay,
    watchdog: Watchdog,
    rate_hz: int,
    allow: Callable[[Attempt], Awaitable[Sequence[str]]],
) -> AsyncGenerator[Event, None]:
    """One provider, until the audio ends or it fails."""
    meter, has_answered = attempt.meter, False
    with attempt:
        try:
            keyterms = await watchdog.wait(allow(attempt))
            yield attempt.served
            events = _events(attempt, relay, rate_hz, call.language, keyterms)
            async with aclosing(events):
                while True:
                    try:
                        one = await watchdog.wait(anext(events))
                    except StopAsyncIteration:
                        break
                    if isinstance(one, Usage):
                        meter.usage = one
                    elif one.is_final:
                        since = relay.waiting_since
                        meter.first(None if since is None else (watchdog.now() - since) * 1000)
                        relay.answered()
                        has_answered = True
                    yield one
            if not relay.is_finished:
                raise ProviderGarbled("The provider stopped listening.")
        except (GeneratorExit, asyncio.CancelledError):
            meter.sent_audio_s = relay.read_s
            if has_answered and relay.waiting_since is None:
                attempt.hung_up()
            raise
        finally:
            meter.sent_audio_s = relay.read_s


async def _events(
    attempt: Attempt, relay: AudioRelay, rate_hz: int, language: str, keyterms: Sequence[str]
) -> AsyncGenerator[Transcript | Usage, None]:
    try:
        async with (
            aclosing(relay.reader()) as heard,
            aclosing(
                attempt.provider.adapter("stt").transcribe(
                    heard, rate_hz=rate_hz, language=language, model=attempt.model, keyterms=keyterms
                )
            ) as events,
        ):
            async for one in events:
                yield one
    except ProviderFailed:
        raise
    except Exception as error:
        raise attempt.bug(error) from error
