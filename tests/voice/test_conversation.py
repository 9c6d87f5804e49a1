"""Keys of the phone, and onlookers."""

import asyncio
from dataclasses import dataclass, field

from auricle.voice.keypad import MAX_DIGITS
from auricle.voice.ports import Digit, Interrupt, TextIn
from auricle.voice.vad import SharedVad
from tests.voice.stage import ANSWER, PHRASE_A, call, now, seconds, speech, talking
from tests.voice.virtual_time import in_virtual_time


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_keys_pressed_close_together_are_one_turn_and_the_first_one_silences_the_agent(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad)
        await c.line.hush(1.0)
        pressed = now()
        for digit in "123":
            c.line.incoming.put_nowait(Digit(digit))
            await c.line.hush(1.0)
        assert c.line.times("clear")[0] - pressed < 0.05
        assert len(c.providers.turns) == 1
        await c.line.hush(1.1)
        await c.end()
        assert c.providers.turns[1].text == "[DTMF 1 2 3]" and c.providers.turns[1].kind == "text"
        assert c.providers.records[0].interrupted and c.providers.records[1].user_text == "[DTMF 1 2 3]"

    in_virtual_time(scenario())


def test_a_typed_turn_knows_what_was_heard_and_said_before_it(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad)
        await c.line.hush(2.0)
        c.line.incoming.put_nowait(TextIn("Something else"))
        await c.line.until("metrics", count=2)
        await c.end()
        heard = c.providers.records[0].heard_text
        assert 0 < len(heard) < len(ANSWER)
        assert [m.content for m in c.providers.turns[1].history] == [PHRASE_A, heard]

    in_virtual_time(scenario())


def test_a_hash_ends_the_number_at_once_and_alone_it_is_a_key_like_others(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        for digit in "42#":
            c.line.incoming.put_nowait(Digit(digit))
        await asyncio.sleep(0.01)
        assert [turn.text for turn in c.providers.turns] == ["[DTMF 4 2]"]
        c.line.incoming.put_nowait(Digit("#"))
        await asyncio.sleep(0.01)
        assert c.providers.turns[1].text == "[DTMF #]"
        await c.end()

    in_virtual_time(scenario())


def test_a_stuck_key_fills_no_memory_and_what_is_no_key_is_refused(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        for _ in range(MAX_DIGITS + 3):
            c.line.incoming.put_nowait(Digit("7"))
        c.line.incoming.put_nowait(Digit("x"))
        c.line.incoming.put_nowait(Digit(""))
        await asyncio.sleep(0.1)
        assert c.line.details("error") == ["keypad.unknown_key"]
        await c.end()
        first, last = c.providers.records
        assert len(first.user_text.split()) == MAX_DIGITS + 1
        assert last.user_text == "[DTMF 7 7 7]"  # pressed just before the end: kept

    in_virtual_time(scenario())


# ── onlookers ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Recording:
    """What a tap is told, laid out on the clock of the audio received."""

    rate_hz: int = 16_000
    heard_pcm: bytearray = field(default_factory=bytearray)
    said_pieces: list[tuple[float, bytes]] = field(default_factory=list)
    cleared_at: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def heard(self, pcm: bytes, at_s: float) -> None:
        if not self.times:
            self.heard_pcm += bytes(round(at_s * self.rate_hz) * 2)
        assert abs(at_s - len(self.heard_pcm) / 2 / self.rate_hz) < 1e-6
        self.times.append(at_s)
        self.heard_pcm += pcm

    def said(self, pcm: bytes, at_s: float) -> None:
        if self.said_pieces:
            before_s, before = self.said_pieces[-1]
            assert at_s >= before_s + seconds(before, self.rate_hz) - 1e-6, "two sounds of one mouth overlap"
        self.said_pieces.append((at_s, pcm))

    def cleared(self, at_s: float) -> None:
        self.cleared_at.append(at_s)
        self.said_pieces = [(at, pcm) for at, pcm in self.said_pieces if at < at_s]

    @property
    def said_s(self) -> float:
        return sum(seconds(pcm, self.rate_hz) for _, pcm in self.said_pieces)


def test_a_tap_has_both_sides_as_they_were_heard_on_one_time_line(vad: SharedVad) -> None:
    async def scenario() -> None:
        tap = Recording()
        c = await talking(vad, taps=[tap])
        started = c.line.times("audio")[0]
        await c.line.until("metrics")
        await c.end()
        sent = b"".join(c.line.details("audio"))
        assert b"".join(pcm for _, pcm in tap.said_pieces) == sent
        assert abs(tap.said_pieces[0][0] - started) <= 0.05  # the microphone was open all the time: one clock
        assert abs(tap.said_pieces[-1][0] + seconds(tap.said_pieces[-1][1]) - (started + seconds(sent))) <= 0.05
        assert speech(PHRASE_A) in bytes(tap.heard_pcm)

    in_virtual_time(scenario())


def test_what_was_cleared_is_told_to_a_tap(vad: SharedVad) -> None:
    async def scenario() -> None:
        tap = Recording()
        c = await talking(vad, taps=[tap])
        started = c.line.times("audio")[0]
        await c.line.hush(2.0)
        stopped = now()
        c.line.incoming.put_nowait(Interrupt())
        await c.line.hush(0.5)
        await c.end()
        [cleared_at] = tap.cleared_at
        assert abs(cleared_at - stopped) <= 0.05
        assert abs(tap.said_s - (stopped - started)) <= 0.08

    in_virtual_time(scenario())


def test_onlookers_come_and_go_in_mid_call_and_a_broken_one_harms_nobody(vad: SharedVad) -> None:
    class Broken(Recording):
        def heard(self, pcm: bytes, at_s: float) -> None:
            raise RuntimeError

    async def scenario() -> None:
        c = await talking(vad)
        await c.line.hush(1.0)
        tap, other = Recording(), Recording()
        c.session.add_tap(tap)
        c.session.add_tap(tap)
        c.session.add_tap(Broken())
        joined = now()
        await c.line.hush(1.0)
        c.session.remove_tap(tap)
        c.session.remove_tap(other)  # was never there
        told = len(tap.times)
        assert told == 50 and abs(tap.times[0] - joined) <= 0.05
        assert joined <= tap.said_pieces[0][0] <= joined + 0.4
        await c.line.until("metrics")
        await c.end()
        assert len(tap.times) == told
        assert c.providers.records[0].heard_text == ANSWER

    in_virtual_time(scenario())
