"""An organization's own accounts: tried, sealed, in force in every process, and nobody else's."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.emulators.openai_chat import Fault, OpenAIEmulator
from tests.providers.accounts.conftest import ACCOUNTS, OWN_KEY, Clinic, eventually, models_asked, new_clinic

MINE = {"llm": [{"provider": "mine"}]}
SEAT = "Please take a seat."


async def test_an_account_is_tried_sealed_and_known_by_its_fingerprint_alone(clinic: Clinic) -> None:
    models = {"llm": "own-model", "embedding": "own-vectors"}
    made = await clinic.added(models=models)
    assert {c["capability"]: c["ok"] for c in made["checks"]} == {"llm": True, "embedding": True, "translation": True}
    assert made["models"] == models and made["enabled"] and made["created_by"] and made["fingerprint"]
    assert "key" not in made
    shown = (await clinic.ask("GET", f"{ACCOUNTS}/{made['id']}")).json()
    listed = (await clinic.ask("GET", ACCOUNTS)).json()["items"]
    assert [shown] == listed and shown == {**made, "checks": []}
    async with clinic.services[0].database.transaction(clinic.system) as db:
        stored = await db.scalar(text("select t::text || encode(key, 'escape') from provider_account t"))
        audited = (await db.scalars(text("select new::text from audit_entry where entity = 'provider_account'"))).all()
    assert stored is not None and OWN_KEY not in stored
    assert len(audited) == 1 and made["fingerprint"] in audited[0] and '"key"' not in audited[0]


async def test_a_refused_key_is_not_saved_unless_nobody_asked_it_to_be_tried(clinic: Clinic) -> None:
    wrong = clinic.account(key="sk-wrong")
    refused = await clinic.ask("POST", ACCOUNTS, json=wrong)
    assert (refused.status_code, refused.json()["error_code"]) == (422, "provider_accounts.key_refused")
    assert refused.json()["context"]["llm"] == "provider.refused"
    assert (await clinic.ask("GET", ACCOUNTS)).json()["items"] == []
    saved = await clinic.ask("POST", ACCOUNTS, params={"untested": True}, json=wrong)
    assert saved.status_code == 201 and saved.json()["checks"] == []


async def test_a_vendor_that_is_down_keeps_no_key_from_being_saved_and_that_is_told(clinic: Clinic) -> None:
    clinic.vendor.always(Fault("status", 503))
    made = await clinic.added()
    assert {(c["ok"], c["error_code"]) for c in made["checks"]} == {(False, "provider.failed")}


async def test_what_was_tried_is_metered(clinic: Clinic) -> None:
    await clinic.added()

    async def metered() -> bool:
        rows = (await clinic.ask("GET", "/api/v1/usage", params={"provider": "mine"})).json()["items"]
        return {row["capability"] for row in rows} == {"llm", "translation"}

    await eventually(metered)


async def test_it_serves_its_own_organization_alone(
    clinic: Clinic, services: Any, vendor: OpenAIEmulator, platform: OpenAIEmulator
) -> None:
    await clinic.added()
    vendor.requests.clear()
    assert await clinic.answered(MINE) == SEAT
    assert models_asked(vendor) == ["own-model"] and not platform.requests
    stranger = await new_clinic(services, vendor)
    refused = await stranger.ask("POST", "/api/v1/agents", json={"name": "A", "greeting": {}, "providers": MINE})
    assert refused.json()["error_code"] == "agent.invalid"
    assert "mine" not in [p["name"] for p in (await stranger.ask("GET", "/api/v1/providers")).json()["providers"]]
    assert (await stranger.ask("POST", "/api/v1/providers/mine/check")).status_code == 404
    assert models_asked(vendor) == ["own-model"]


async def test_a_new_key_is_in_force_in_every_process_at_once(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    made = await clinic.added()
    for process in (0, 1):
        assert await clinic.answered(MINE, process) == SEAT
    vendor.key = "sk-second"
    changed = await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"key": "sk-second"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["fingerprint"] != made["fingerprint"]
    for process in (0, 1):

        async def well(process: int = process) -> bool:
            answer = await clinic.ask("POST", "/api/v1/providers/mine/check", process=process)
            return bool(answer.json()["well"])

        await eventually(well)
        assert await clinic.answered(MINE, process) == SEAT


async def test_it_hides_the_installations_account_of_its_name_even_while_it_is_disabled(
    clinic: Clinic, vendor: OpenAIEmulator, platform: OpenAIEmulator
) -> None:
    house = {"llm": [{"provider": "house"}]}
    assert await clinic.answered(house) == SEAT
    assert models_asked(platform) == ["house-model"]
    made = await clinic.added(name="house")

    async def owned() -> bool:
        told = (await clinic.ask("GET", "/api/v1/providers")).json()["providers"]
        return next(p["is_own"] for p in told if p["name"] == "house") is True

    await eventually(owned)
    vendor.requests.clear()
    platform.requests.clear()
    assert await clinic.answered(house) == SEAT
    assert (models_asked(vendor), models_asked(platform)) == (["own-model"], [])
    await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"enabled": False})

    async def gone() -> bool:
        return (await clinic.ask("POST", "/api/v1/providers/house/check")).status_code == 404

    await eventually(gone)
    assert not platform.requests
    assert (await clinic.ask("DELETE", f"{ACCOUNTS}/{made['id']}")).status_code == 204

    async def back() -> bool:
        return (await clinic.ask("POST", "/api/v1/providers/house/check")).status_code == 200

    await eventually(back)


async def test_organizations_may_use_what_the_operator_shares_and_no_more(clinic: Clinic) -> None:
    told = (await clinic.ask("GET", "/api/v1/providers")).json()["providers"]
    assert {p["name"] for p in told} == {"house", "offline"}
    refused = await clinic.ask(
        "POST", "/api/v1/agents", json={"name": "A", "greeting": {}, "providers": {"llm": [{"provider": "kept"}]}}
    )
    assert refused.status_code == 422 and "providers.llm.0" in refused.json()["context"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/v1",
        "http://localhost/v1",
        "https://127.0.0.1/v1",
        "https://10.0.0.1/v1",
        "https://169.254.169.254/latest",
        "https://[::1]/v1",
        "https://[::ffff:127.0.0.1]/v1",
        "http://example.org/v1",
        "https://user:secret@example.org/v1",
        "https://example.org:8443/v1",
        "https://no-such-host.invalid/v1",
    ],
)
async def test_an_account_reaches_the_public_internet_by_tls_or_what_the_operator_lists(
    clinic: Clinic, url: str
) -> None:
    for untested in (True, False):
        refused = await clinic.ask("POST", ACCOUNTS, params={"untested": untested}, json=clinic.account(url=url))
        assert (refused.status_code, refused.json()["error_code"]) == (422, "tools.address_refused"), refused.text
    assert (await clinic.ask("GET", ACCOUNTS)).json()["items"] == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"vendor": "nobody"}, "provider_accounts.unknown_vendor"),
        ({"vendor": "offline"}, "provider_accounts.unknown_vendor"),
        ({"vendor": "faster_whisper"}, "provider_accounts.unknown_vendor"),
        ({"url": None}, "provider_accounts.incomplete"),
        ({"options": {"no such": "x"}}, "provider_accounts.unknown_option"),
        ({"key": "two words"}, "provider_accounts.bad_key"),
        ({"key": "line\nbreak"}, "provider_accounts.bad_key"),
        ({"key": ""}, "validation.invalid"),
        ({"name": "Not A Name"}, "validation.invalid"),
        ({"models": {"singing": "x"}}, "validation.invalid"),
        ({"url": "ftp://example.org"}, "validation.invalid"),
        ({"surprise": 1}, "validation.invalid"),
    ],
)
async def test_an_account_that_can_not_work_is_refused(clinic: Clinic, given: dict[str, Any], code: str) -> None:
    refused = await clinic.ask("POST", ACCOUNTS, params={"untested": True}, json=clinic.account(**given))
    assert (refused.status_code, refused.json()["error_code"]) == (422, code), refused.text
    assert (await clinic.ask("GET", ACCOUNTS)).json()["items"] == []


async def test_a_name_is_given_once(clinic: Clinic) -> None:
    await clinic.added()
    again = await clinic.ask("POST", ACCOUNTS, json=clinic.account())
    assert (again.status_code, again.json()["error_code"]) == (409, "provider_accounts.name_taken")


async def test_a_kept_key_never_goes_to_another_address(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    made = await clinic.added()
    elsewhere = vendor.account("elsewhere")
    vendor.requests.clear()
    refused = await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"url": elsewhere})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "provider_accounts.key_needed")
    assert not vendor.requests
    moved = await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"url": elsewhere, "key": OWN_KEY})
    assert moved.status_code == 200 and {one["path"].split("/")[1] for one in vendor.requests} == {"elsewhere"}


async def test_a_change_of_models_alone_is_tried_with_the_kept_key(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    made = await clinic.added()
    vendor.requests.clear()
    changed = await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"models": {"llm": "other", "tts": None}})
    assert changed.json()["models"] == {"llm": "other"} and changed.json()["switched_off"] == ["tts"]
    assert set(models_asked(vendor)) == {"other"}
    vendor.key = "sk-withdrawn"
    refused = await clinic.ask("PATCH", f"{ACCOUNTS}/{made['id']}", json={"models": {"llm": "third"}})
    assert refused.json()["error_code"] == "provider_accounts.key_refused"
    assert (await clinic.ask("GET", f"{ACCOUNTS}/{made['id']}")).json()["models"] == {"llm": "other"}


async def test_an_account_that_something_names_is_disabled_not_deleted(clinic: Clinic) -> None:
    made = await clinic.added()
    order = {"orders": {"llm": {"default": [{"provider": "mine"}]}}}
    assert (await clinic.ask("PUT", "/api/v1/provider-orders", json=order)).status_code == 200
    refused = await clinic.ask("DELETE", f"{ACCOUNTS}/{made['id']}")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "provider_accounts.in_use")
    assert refused.json()["context"]["places"] == "order"
    await clinic.ask("PUT", "/api/v1/provider-orders", json={"orders": {}})
    assert (await clinic.ask("DELETE", f"{ACCOUNTS}/{made['id']}")).status_code == 204
    assert (await clinic.ask("GET", f"{ACCOUNTS}/{made['id']}")).status_code == 404


async def test_only_who_may_keep_providers_sees_or_changes_accounts(clinic: Clinic) -> None:
    made = await clinic.added()
    _, clinician = await clinic.services[0].member(clinic.organization_id, "clinician")
    for who in (clinician, clinic.patient):
        for method, path in (("GET", ACCOUNTS), ("POST", ACCOUNTS), ("DELETE", f"{ACCOUNTS}/{made['id']}")):
            given = {"json": clinic.account(name="other")} if method == "POST" else {}
            assert (await clinic.ask(method, path, who, **given)).status_code == 403
