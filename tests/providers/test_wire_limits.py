"""Bounds and meanings at the HTTP edge."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from auricle.providers import reply as wire
from auricle.providers.account import Account
from auricle.providers.connections import Connections
from auricle.providers.ports import END_OF_SPEECH, ProviderBusy, ProviderGarbled, ProviderRefused
from auricle.providers.refusals import MAX_RETRY_AFTER_S, delay_of, failure, seconds_of, vendor_code
from auricle.providers.replay import AudioRelay
from auricle.providers.reply import Reply
from tests.emulators.openai_chat import Fault, OpenAIEmulator

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("999999", MAX_RETRY_AFTER_S),
        ("inf", MAX_RETRY_AFTER_S),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2020 12:00:30 GMT", 0.0),
    ],
)
def test_retry_after_is_read_in_every_form_and_bounded(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, NOW) == seconds


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "key sk-123 is wrong"}},
        {"error": {"code": "x" * 65}},
        [],
        None,
        "x",
        {"error": "You said: chest pain"},
        {"error": {"message": "chest pain"}},
        {"error": {"status": "chest pain"}},
        {"code": 5},
    ],
)
def test_prose_of_a_vendor_never_becomes_a_code(body: object) -> None:
    assert vendor_code(body) is None


def test_googles_codes_and_pauses_are_read_where_google_puts_them() -> None:
    again = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}
    body = {"error": {"code": 429, "message": "chest pain", "status": "RESOURCE_EXHAUSTED", "details": [4, {}, again]}}
    assert vendor_code(body) == "RESOURCE_EXHAUSTED" and delay_of(body) == 34.07
    again["retryDelay"] = "999999s"
    assert delay_of(body) == MAX_RETRY_AFTER_S


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"error": "x"}, {"error": {"details": {}}}, {"error": {"details": [{"retryDelay": "soon"}]}}],
)
def test_an_error_that_names_no_pause_has_none(body: object) -> None:
    assert delay_of(body) is None


def test_an_unpaid_bill_is_a_refusal_and_not_a_pause() -> None:
    assert type(failure(429, "insufficient_quota")) is ProviderRefused
    assert type(failure(429, "rate_limit_exceeded", 3.0)) is ProviderBusy


async def test_a_body_without_end_is_cut_off(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = emulators[0]
    server.forget()
    connections = Connections()
    account = Account("a", "v", connections, url=server.url)
    account._key = server.key
    monkeypatch.setattr(wire, "MAX_STREAM_BYTES", 10_000)
    server.next(Fault("endless"))
    with pytest.raises(ProviderGarbled):
        async with account.stream("/chat/completions", json={"model": "m", "stream": True}) as reply:
            async for _ in reply.lines():
                pass
    with pytest.raises(ProviderGarbled):
        async with account.stream("/embeddings", json={"model": "m", "input": ["x"] * 50}) as reply:
            await reply.body(limit=100)
    await connections.aclose()


async def test_audio_that_nobody_takes_is_bounded_and_its_oldest_part_dropped() -> None:
    relay = AudioRelay(1_000, lambda: None, keep_s=2.0)
    for number in range(50):
        relay.put(bytes([number]) * 200)  # a tenth of a second
    assert relay.dropped_s == pytest.approx(3.0)
    relay.close()
    assert [p[0] async for p in relay.reader()] == list(range(30, 50))


async def test_a_new_reader_hears_again_only_what_was_not_answered() -> None:
    relay = AudioRelay(1_000, lambda: None)
    for piece in (b"a" * 200, END_OF_SPEECH, b"b" * 200, b"c" * 200):
        relay.put(piece)
    relay.close()
    assert len([p async for p in relay.reader()]) == 4
    relay.answered()
    assert [p async for p in relay.reader()] == [b"b" * 200, b"c" * 200]
    relay.answered()
    assert [p async for p in relay.reader()] == []
    assert relay.is_finished


@pytest.mark.parametrize("cut", [[b"data: a\r", b"\n\r\nb"], [b"data: a\r\n", b"\r\nb"], [b"da", b"ta: a\n\n", b"b"]])
async def test_lines_are_the_same_wherever_the_pieces_are_cut(cut: list[bytes]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in cut:
            yield piece

    reply = Reply(httpx2.Response(200, content=pieces()))
    assert [line async for lines in reply.lines() for line in lines] == [b"data: a", b"", b"b"]
