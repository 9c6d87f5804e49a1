"""Who is asked where nobody has chosen: providers made for the language first. And where a region makes the URL."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from auricle.errors import Misconfigured
from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.choice import Configured, account_of
from auricle.providers.connections import Connections
from auricle.providers.lineup import Lineup
from auricle.providers.ports import Capability
from auricle.providers.vendor import Vendor
from auricle.settings import Provider

INDIAN = frozenset({"hi", "ta", "te"})


def of(vendor: Vendor) -> Configured:
    given = Provider(vendor=vendor.name, key=SecretStr("k"), stt="m", llm="m", tts="m", translation="m")
    return Configured(vendor, account_of(vendor.name, vendor, given, Connections(), Path()))


def vendor(name: str, knows: frozenset[str] | None = None, made_for: frozenset[str] | None = None) -> Vendor:
    speech: tuple[Capability, ...] = ("stt", "tts", "translation")
    return Vendor(
        name,
        url="https://example.com",
        stt=object,  # type: ignore[arg-type]
        tts=object,  # type: ignore[arg-type]
        languages={c: knows for c in speech if knows},
        made_for={c: made_for for c in speech if made_for},
    )


GENERAL = vendor("general")
WESTERN = vendor("western", knows=frozenset({"en", "fr"}))
SPECIALIST = vendor("specialist", knows=INDIAN | {"en"}, made_for=INDIAN)
LAST = Vendor("last", tts=object, needs_url=False, always_there=True)  # type: ignore[arg-type]
TRANSLATOR = Vendor("translator", url="https://example.com", translation=object, made_for={"translation": INDIAN})  # type: ignore[arg-type]
MODEL = Vendor("model", url="https://example.com", llm=object)  # type: ignore[arg-type]


def lineup(*vendors: Vendor, **orders: object) -> Lineup:
    return Lineup({v.name: of(v) for v in vendors}, orders)  # type: ignore[arg-type]


def asked(lineup: Lineup, language: str, capability: Capability = "tts") -> list[str]:
    return [choice.provider for choice, _ in lineup.candidates(Call(None, None, language), capability)]


@pytest.mark.parametrize("settings", [(LAST, SPECIALIST, GENERAL, WESTERN), (GENERAL, WESTERN, SPECIALIST, LAST)])
def test_who_is_made_for_a_language_is_asked_first_and_for_others_after_those_made_for_any(
    settings: tuple[Vendor, ...],
) -> None:
    ours = lineup(*settings)
    assert asked(ours, "hi") == ["specialist", "general", "last"]
    assert asked(ours, "ta-IN") == ["specialist", "general", "last"]
    assert asked(ours, "en") == ["general", "western", "specialist", "last"]
    assert asked(ours, "fr") == ["general", "western", "last"]


def test_a_list_of_the_agents_own_is_kept_in_its_order() -> None:
    call = Call(None, [Choice("general", voice="anna"), Choice("specialist")], "hi")
    found = lineup(SPECIALIST, GENERAL).candidates(call, "tts")
    assert [(c.provider, c.voice) for c, _ in found] == [("general", "anna"), ("specialist", None)]


def test_an_organizations_own_order_stands_before_what_vendors_are_made_for() -> None:
    ours = lineup(SPECIALIST, GENERAL, tts={"hi": [Choice("general")], "default": [Choice("specialist")]})
    assert asked(ours, "hi") == ["general"]
    assert asked(ours, "ta") == ["specialist"]


def test_a_translator_knows_both_languages_and_comes_before_a_model() -> None:
    ours = lineup(MODEL, SPECIALIST, TRANSLATOR)
    call = Call(None, None, "en")
    assert [c.provider for c, _ in ours.candidates(call, "translation", ("en", "hi"))] == ["translator", "model"]
    only = lineup(Vendor("t", url="https://x.com", translation=object, languages={"translation": INDIAN}))  # type: ignore[arg-type]
    assert [c.provider for c, _ in only.candidates(call, "translation", ("ta", "hi"))] == ["t"]
    with pytest.raises(NoProvider):
        only.candidates(call, "translation", ("hi", "fr"))


def test_an_option_makes_the_url_that_a_vendor_leaves_open() -> None:
    regional = Vendor("regional", url="https://{region}.example.com", tts=object)  # type: ignore[arg-type]
    given = Provider(vendor="regional", key=SecretStr("k"), options={"region": "centralindia", "other": "{x}"})
    assert account_of("r", regional, given, Connections(), Path()).url == "https://centralindia.example.com"
    own = Provider(vendor="regional", key=SecretStr("k"), url="https://gateway.example.org")
    assert account_of("r", regional, own, Connections(), Path()).url == "https://gateway.example.org"


@pytest.mark.parametrize("region", ["", "evil.example.net/", "a.b", "a@b", "A", "-a", "a-", "x" * 64, "{region}"])
def test_an_option_never_names_another_host(region: str) -> None:
    regional = Vendor("regional", url="https://{region}.example.com", tts=object)  # type: ignore[arg-type]
    given = Provider(vendor="regional", key=SecretStr("k"), options={"region": region} if region else {})
    with pytest.raises(Misconfigured) as caught:
        account_of("r", regional, given, Connections(), Path())
    assert caught.value.context == {"option": "region"}
