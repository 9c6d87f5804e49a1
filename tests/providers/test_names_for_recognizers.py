"""Terms that tell who the patient is leave this machine only where a call says so, and the masking guard agrees."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from auricle.providers.call import Call, Choice
from auricle.providers.lineup import SharedByAll
from auricle.providers.masking.policy import Masking, Mode
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import END_OF_SPEECH, Identifying
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings, Timeouts
from tests.emulators.assemblyai import AssemblyAIEmulator
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import CLINIC
from tests.providers.speech import RATE_HZ, finals, live, sound

TERMS = [Identifying("Venkataraghavan"), "otitis"]
PATIENT = Timeouts(connect_s=5.0, first_s=30.0, gap_s=30.0, total_s=60.0)


@asynccontextmanager
async def two_ears(folder: Path, mode: Mode, records: list[UsageRecord]) -> AsyncIterator[tuple[Router, Any, Any]]:
    """A router to a Deepgram that stands for a cloud, and behind it an AssemblyAI on this machine."""
    async with DeepgramEmulator() as cloud, AssemblyAIEmulator() as here:
        providers = {
            "cloud": Provider(vendor="deepgram", url=cloud.url, key=SecretStr(cloud.key)),
            "here": Provider(vendor="assemblyai", url=here.url, key=SecretStr(here.key)),
        }
        router = router_for(Settings(data_dir=folder, providers=providers), records.append)
        assert isinstance(router.lineups, SharedByAll)
        router.lineups.installation = replace(router.lineups.installation, masking=Masking(mode))
        router.providers["cloud"].account.is_local = False
        try:
            yield router, cloud, here
        finally:
            await router.aclose()


async def heard(router: Router, *, may_name: bool) -> list[str]:
    call = Call(CLINIC, [Choice("cloud"), Choice("here")], timeouts=PATIENT, may_name=may_name)
    events = router.transcribe(call, live(sound(0.5), END_OF_SPEECH), rate_hz=RATE_HZ, keyterms=TERMS)
    return [t.text for t in finals(await all_of(events))]


def all_sent(emulator: Any) -> str:
    return str([r["query"] for r in emulator.requests]) + str([f for f in emulator.received if isinstance(f, dict)])


async def test_a_cloud_is_told_no_name_of_itself(tmp_path: Path) -> None:
    async with two_ears(tmp_path, "off", []) as (router, cloud, here):
        assert await heard(router, may_name=False) == ["it hurts here"]
        assert "otitis" in all_sent(cloud) and "Venkataraghavan" not in all_sent(cloud)
        assert not here.requests


async def test_what_stays_on_this_machine_may_have_it(tmp_path: Path) -> None:
    async with two_ears(tmp_path, "off", []) as (router, cloud, here):
        cloud.always(Fault("status", 503))
        assert await heard(router, may_name=False) == ["it hurts here"]
        assert cloud.requests and "Venkataraghavan" not in all_sent(cloud)
        assert "Venkataraghavan" in all_sent(here) and "Venkataraghavan" not in str(here.requests[0]["query"])


async def test_where_a_call_allows_it_a_cloud_is_told(tmp_path: Path) -> None:
    async with two_ears(tmp_path, "off", []) as (router, cloud, _):
        await heard(router, may_name=True)
        assert "Venkataraghavan" in all_sent(cloud) and "Venkataraghavan" not in str(cloud.requests[0]["query"])


async def test_where_masking_is_asked_for_no_call_can_allow_it(tmp_path: Path) -> None:
    async with two_ears(tmp_path, "text", []) as (router, cloud, _):
        assert await heard(router, may_name=True) == ["it hurts here"]
        assert "otitis" in all_sent(cloud) and "Venkataraghavan" not in all_sent(cloud)


async def test_where_speech_is_to_stay_it_goes_to_who_is_here(tmp_path: Path) -> None:
    records: list[UsageRecord] = []
    async with two_ears(tmp_path, "all", records) as (router, cloud, here):
        assert await heard(router, may_name=True) == ["it hurts here"]
        assert not cloud.requests and here.requests
        assert [(r.provider, r.status) for r in records] == [("here", "ok")]
