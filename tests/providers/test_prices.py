"""What calls cost: the dated card, the makers' token prices, and that nobody's price is not nought."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from auricle.billing.rates import ExchangeRate, Rate, RateCard, cost, exchange_on, load, shipped
from auricle.providers.ports import Usage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MINUTE = Usage(audio_s=60.0)
TOKENS = Usage(input_tokens=1_000_000, output_tokens=0)


@pytest.mark.parametrize(
    ("provider", "capability", "usage", "usd"),
    [
        ("deepgram", "stt", MINUTE, "0.0043"),
        ("sarvam", "stt", MINUTE, "0.002"),
        ("deepgram", "tts", Usage(audio_s=1_000_000 / 48_000), "0.01"),
        ("sarvam", "tts", Usage(audio_s=1_000_000 / 48_000), "0.005"),
        ("sarvam", "translation", Usage(characters=1_000), "0.001"),
        ("rag", "rag", Usage(characters=1_000), "0.001"),
    ],
)
def test_the_cards_first_entries_are_as_the_owner_set_them(
    provider: str, capability: str, usage: Usage, usd: str
) -> None:
    assert cost(provider, capability, None, usage, NOW).usd == pytest.approx(Decimal(usd), abs=Decimal("1e-8"))


@pytest.mark.parametrize(
    ("provider", "model", "usd"),
    [
        ("openai", "gpt-4o-mini", "0.15"),
        ("groq", "openai/gpt-oss-120b", "0.15"),
        ("groq", "openai/gpt-oss-20b", "0.075"),
    ],
)
def test_tokens_cost_what_the_maker_asks(provider: str, model: str, usd: str) -> None:
    price = cost(provider, "llm", model, TOKENS, NOW)
    assert price.usd == Decimal(usd)
    assert price.source is not None and price.source.startswith("genai-prices") and price.date == NOW.date()


@pytest.mark.parametrize(
    ("provider", "model", "usd"),
    [
        ("anthropic", "claude-haiku-5-5", "0.000191"),  # 900 at 0.10, 100 cached at 0.01, 200 at 0.50 a million
        ("anthropic", "claude-sonnet-5-5", "0.00381"),
        ("google", "gemini-3.8-flash", "0.0014325"),
    ],
)
def test_a_makers_cached_and_written_tokens_are_priced_as_our_usage_counts_them(
    provider: str, model: str, usd: str
) -> None:
    used = Usage(input_tokens=1_000, output_tokens=200, cached_tokens=100, reasoning_tokens=50)
    assert cost(provider, "llm", model, used, NOW).usd == Decimal(usd)


def test_googles_voices_are_priced_by_their_family_and_an_unread_price_is_unknown() -> None:
    assert cost("google", "tts", "Chirp3-HD", Usage(characters=1_000), NOW).usd == Decimal("0.03")
    assert cost("google", "tts", "Wavenet", Usage(characters=1_000), NOW).usd is None


def test_cached_tokens_are_cheaper() -> None:
    full = cost("openai", "llm", "gpt-4o", Usage(1000, 0), NOW).usd
    cached = cost("openai", "llm", "gpt-4o", Usage(1000, 0, cached_tokens=1000), NOW).usd
    assert full is not None and cached is not None and cached < full


def test_embeddings_have_token_prices() -> None:
    assert cost("openai", "embedding", "text-embedding-3-small", TOKENS, NOW).usd == Decimal("0.02")
    assert cost("google", "embedding", "gemini-embedding-001", TOKENS, NOW).usd == Decimal("0.15")


def test_an_openai_compatible_server_is_priced_by_its_address() -> None:
    groq = "https://api.groq.com/openai/v1"
    assert cost("openai_compatible", "llm", "openai/gpt-oss-120b", TOKENS, NOW, url=groq).usd == Decimal("0.15")
    own = cost("openai_compatible", "llm", "openai/gpt-oss-120b", TOKENS, NOW, url="http://localhost:8000/v1")
    assert own.usd is None


@pytest.mark.parametrize(
    ("provider", "capability", "model", "usage"),
    [
        ("openai", "llm", "no-such-model", TOKENS),
        ("nobody", "llm", "gpt-4o", TOKENS),
        ("openai", "llm", None, TOKENS),
        ("openai", "llm", "gpt-4o", Usage()),
        ("nobody", "stt", None, MINUTE),
        ("deepgram", "stt", None, Usage()),
        ("groq", "stt", "another-whisper", MINUTE),
        ("deepgram", "tts", None, Usage(characters=5)),
    ],
)
def test_what_is_not_known_is_none_and_not_nought(
    provider: str, capability: str, model: str | None, usage: Usage
) -> None:
    price = cost(provider, capability, model, usage, NOW)
    assert (price.usd, price.source, price.date) == (None, None, None)


def test_the_price_lists_whisper_row_of_nought_is_not_believed() -> None:
    assert cost("openai", "llm", "whisper-1", TOKENS, NOW).usd is None


@pytest.mark.parametrize("capability", ["stt", "llm", "tts", "embedding"])
def test_what_runs_here_is_free_and_says_so(capability: str) -> None:
    price = cost("offline", capability, None, Usage(), NOW)
    assert price.usd == 0 and price.source == "runs here"


def rate(price: str, since: date, model: str | None = None, currency: str = "USD") -> Rate:
    return Rate(
        provider="p",
        capability="stt",
        model=model,
        unit="minute",
        price=price,
        since=since,
        source="test",
        currency=currency,
    )


def card(*rates: Rate) -> RateCard:
    return RateCard(
        rates=rates,
        exchange=(
            ExchangeRate(inr_per_usd="80", since=date(2026, 1, 1), source="t"),
            ExchangeRate(inr_per_usd="90", since=date(2026, 6, 1), source="t"),
        ),
    )


def test_a_later_row_wins_from_its_day_on_and_not_before() -> None:
    two = card(rate("2", date(2026, 6, 1)), rate("1", date(2026, 1, 1)))
    asked = {
        at: cost("p", "stt", None, MINUTE, datetime(*at, tzinfo=UTC), cards=[two])
        for at in [(2025, 12, 31), (2026, 1, 1), (2026, 5, 31), (2026, 6, 1)]
    }
    assert [p.usd for p in asked.values()] == [None, 1, 1, 2]
    assert asked[2026, 6, 1].date == date(2026, 6, 1)


def test_a_models_own_row_beats_a_later_one_of_its_provider() -> None:
    two = card(rate("2", date(2026, 6, 1)), rate("1", date(2026, 1, 1), model="m"))
    assert cost("p", "stt", "m", MINUTE, NOW, cards=[two]).usd == 1
    assert cost("p", "stt", "other", MINUTE, NOW, cards=[two]).usd == 2


def test_an_accounts_own_row_beats_its_vendors_and_the_last_of_one_day_those_before() -> None:
    mine = rate("5", date(2026, 1, 1)).model_copy(update={"provider": "mine"})
    three = card(rate("1", date(2026, 6, 1)), rate("2", date(2026, 6, 1)), mine)
    assert cost("p", "stt", None, MINUTE, NOW, account="mine", cards=[three]).usd == 5
    assert cost("p", "stt", None, MINUTE, NOW, account="other", cards=[three]).usd == 2


def test_the_first_card_that_has_a_row_prices_a_call_whatever_the_others_say() -> None:
    own, platform = card(rate("7", date(2026, 3, 1))), card(rate("3", date(2026, 1, 1), model="m"))
    assert cost("p", "stt", "m", MINUTE, NOW, cards=[own, platform]).usd == 7
    assert cost("p", "stt", "m", MINUTE, datetime(2026, 2, 1, tzinfo=UTC), cards=[own, platform]).usd == 3
    assert cost("deepgram", "stt", None, MINUTE, NOW, cards=[own, platform]).usd == Decimal("0.0043")


def test_tokens_that_were_made_may_cost_more_than_those_that_were_read() -> None:
    given = {"provider": "p", "capability": "llm", "unit": "1m_tokens", "since": "2026-01-01", "source": "t"}
    two = card(Rate(**given, price="2", output_price="10"))
    used = Usage(input_tokens=500_000, output_tokens=100_000)
    assert cost("p", "llm", "m", used, NOW, cards=[two]).usd == Decimal("2")
    assert cost("p", "llm", "m", used, NOW, cards=[card(Rate(**given, price="2"))]).usd == Decimal("1.2")
    free_to_read = card(Rate(**given, price="0", output_price="10"))
    assert cost("p", "llm", "m", used, NOW, cards=[free_to_read]).usd == Decimal("1")


def test_rupees_are_changed_at_the_rate_of_the_day() -> None:
    rupees = card(rate("45", date(2026, 1, 1), currency="INR"))
    assert cost("p", "stt", None, MINUTE, datetime(2026, 3, 1, tzinfo=UTC), cards=[rupees]).usd == Decimal("0.5625")
    assert cost("p", "stt", None, MINUTE, NOW, cards=[rupees]).usd == Decimal("0.5")
    shown = exchange_on(NOW.date(), [rupees])
    assert shown is not None and (shown.inr_per_usd, shown.since) == (90, date(2026, 6, 1))
    assert exchange_on(date(2019, 12, 31), [rupees]) is None


def test_a_small_cost_is_not_rounded_away() -> None:
    assert cost("openai", "llm", "gpt-4o-mini", Usage(input_tokens=1, output_tokens=0), NOW).usd == Decimal("1.5E-7")


@pytest.mark.parametrize(
    "text",
    [
        "rates: [{provider: p}]\nexchange: []",
        "rates: 5\nexchange: []",
        "[]",
        'rates: [{provider: p, capability: stt, unit: minute, price: "-1", since: 2026-01-01, source: s}]'
        "\nexchange: []",
    ],
)
def test_a_card_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rates.yaml").write_text(text)
    with pytest.raises(ValidationError):
        load(tmp_path / "rates.yaml")


def test_every_shipped_row_names_its_source() -> None:
    assert all(r.source for r in shipped().rates) and shipped().exchange
