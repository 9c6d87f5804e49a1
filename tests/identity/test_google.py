"""Sign-in at another provider, over real sockets against one that can also lie."""

import time
from dataclasses import dataclass

import httpx2
import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from auricle.identity.google import NotLinked, begin, finish
from auricle.identity.lockout import utc_now
from auricle.identity.models import Account
from auricle.identity.openid import NotOffered, OpenIdProvider, OutsideRefused, OutsideUnavailable
from auricle.identity.second_factor import begin_enrolment, confirm_enrolment
from auricle.identity.sign_in import SecondFactorNeeded
from auricle.identity.totp import shown
from auricle.settings import Google
from tests.builders import make_member, make_organization, number
from tests.emulators.openid import CLIENT_ID, CLIENT_SECRET, OpenId, came_back, new_key
from tests.identity.conftest import PASSWORD, SEEN
from tests.running_service import free_port


@dataclass
class Browser:
    """Goes to the provider and back."""

    door: object
    provider: OpenIdProvider

    async def goes(self) -> tuple[str, str, str]:
        """The flow kept, and the code and state brought back."""
        begun = await begin(self.door.desk, self.provider, None, SEEN)
        async with httpx2.AsyncClient() as http:
            answer = await http.get(begun.url)
        assert answer.headers["location"].startswith("http://127.0.0.1:8001/sign-in/google?")
        return begun.flow, *came_back(answer.headers["location"])

    async def returns(self, flow, code, state, clock=utc_now):
        return await finish(self.door.desk, self.provider, flow=flow, state=state, code=code, seen=SEEN, clock=clock)

    async def signs_in(self):
        return await self.returns(*await self.goes())


@pytest.fixture
async def google():
    async with OpenId(email=f"meera-{next(number)}@example.org", subject=f"subject-{next(number)}").running(
        free_port()
    ) as provider:
        yield provider


@pytest.fixture
async def browser(door, google):
    settings = Google(client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET), issuer=google.url)
    async with OpenIdProvider(settings) as provider:
        yield Browser(door, provider)


@pytest.fixture
async def meera(door, google, hashed):
    """A member whose proven address is the one the provider knows."""
    actor = await make_member(door.database, await make_organization(door.database), password_hash=hashed)
    await door.change(Account, actor.account_id, email=google.email, email_verified_at=text("now()"))
    return actor


async def test_a_known_person_signs_in_and_is_known_by_number_from_then_on(door, browser, google, meera):
    tokens = await browser.signs_in()
    assert (await door.presence.actor(tokens.access)).account_id == meera.account_id
    google.email = "somebody.else@example.org"  # addresses change, the number does not
    assert (await browser.signs_in()).claims.account_id == meera.account_id
    audited = await door.audited(meera.organization_id)
    assert audited.count(("outside_sign_in", "allowed")) == 2
    assert google.asked.count("discovery") == google.asked.count("keys") == 1


async def test_a_stranger_is_refused(browser):
    with pytest.raises(OutsideRefused):
        await browser.signs_in()


async def test_an_address_that_nobody_proved_to_us_or_to_them_links_nothing(door, browser, google, meera):
    await door.change(Account, meera.account_id, email_verified_at=None)
    with pytest.raises(NotLinked):  # who registered it first may be waiting for its owner
        await browser.signs_in()
    await door.change(Account, meera.account_id, email_verified_at=text("now()"))
    google.email_verified = False
    with pytest.raises(OutsideRefused):
        await browser.signs_in()


async def test_another_person_with_the_address_of_before_is_not_the_one_linked(door, browser, google, meera):
    await browser.signs_in()
    google.subject = "somebody else"
    google.email_verified = False
    with pytest.raises(OutsideRefused):
        await browser.signs_in()


async def test_a_disabled_account_or_member_is_refused(door, browser, meera):
    await browser.signs_in()
    await door.change(Account, meera.account_id, disabled_at=text("now()"))
    with pytest.raises(OutsideRefused):
        await browser.signs_in()


async def test_the_second_factor_is_asked_for_here_as_well(door, browser, meera):
    import pyotp

    secret = await begin_enrolment(door.desk, meera, PASSWORD)
    await confirm_enrolment(door.desk, meera, pyotp.TOTP(shown(secret)).now())
    with pytest.raises(SecondFactorNeeded):
        await browser.signs_in()


async def test_what_came_back_is_taken_once_and_only_with_its_own_flow_and_state(browser, meera):
    mine, theirs = await browser.goes(), await browser.goes()
    for flow, code, state in (
        ("unknown", mine[1], mine[2]),
        (mine[0], mine[1], theirs[2]),  # another's state
        (mine[0], mine[1], mine[2]),  # and that used the flow up
    ):
        with pytest.raises(OutsideRefused):
            await browser.returns(flow, code, state)
    with pytest.raises(OutsideRefused):  # a code that another browser began: PKCE and nonce are not ours
        await browser.returns(theirs[0], mine[1], theirs[2])
    whole = await browser.goes()
    assert await browser.returns(*whole)
    with pytest.raises(OutsideRefused):
        await browser.returns(*whole)


async def test_a_flow_ends_after_a_while(browser, meera):
    from auricle.identity.google import LIFETIME

    went = await browser.goes()
    with pytest.raises(OutsideRefused):
        await browser.returns(*went, clock=lambda: utc_now() + LIFETIME)


OTHER = new_key("other")
LIES = {
    "another audience": lambda p, c: p.signed({**c, "aud": "another-client"}),
    "several audiences, for another party": lambda p, c: p.signed({**c, "aud": [CLIENT_ID, "x"], "azp": "x"}),
    "another issuer": lambda p, c: p.signed({**c, "iss": "https://accounts.google.com"}),
    "another nonce": lambda p, c: p.signed({**c, "nonce": "replayed"}),
    "no nonce": lambda p, c: p.signed({k: v for k, v in c.items() if k != "nonce"}),
    "expired": lambda p, c: p.signed({**c, "exp": int(time.time()) - 120}),
    "without expiry": lambda p, c: p.signed({k: v for k, v in c.items() if k != "exp"}),
    "nobody": lambda p, c: p.signed({**c, "sub": ""}),
    "a key that is not theirs": lambda p, c: jwt.encode(c, OTHER[1], "RS256", headers={"kid": p.key[0]}),
    "an unknown key": lambda p, c: jwt.encode(c, OTHER[1], "RS256", headers={"kid": "other"}),
    "no signature": lambda p, c: jwt.encode(c, None, "none", headers={"kid": p.key[0]}),
    "our own secret as key": lambda p, c: jwt.encode(c, CLIENT_SECRET * 2, "HS256", headers={"kid": p.key[0]}),
    "nothing": lambda p, c: "",
    "no token": lambda p, c: "a.b.c",
}


@pytest.mark.parametrize("forge", LIES.values(), ids=LIES.keys())
async def test_what_the_provider_did_not_sign_for_us_is_refused(browser, google, meera, forge):
    google.forge = forge
    with pytest.raises(OutsideRefused):
        await browser.signs_in()


async def test_a_new_key_of_theirs_is_fetched_once_it_is_used(door, browser, google, meera, monkeypatch):
    from auricle.identity import openid

    await browser.signs_in()
    google.key = new_key("second")
    with pytest.raises(OutsideRefused):  # not asked for again so soon: unknown names must not make us ask
        await browser.signs_in()
    assert google.asked.count("keys") == 1
    monkeypatch.setattr(openid, "KEYS_AGAIN_S", 0.0)
    assert await browser.signs_in()


async def test_a_provider_that_is_away_or_lies_about_itself_is_unavailable(door, google):
    settings = Google(client_id=CLIENT_ID, issuer=google.url)
    for change in ({"issuer": "https://evil.example"}, {"token_endpoint": "ftp://evil.example"}, {"jwks_uri": None}):
        google.metadata = change
        async with OpenIdProvider(settings) as provider:
            with pytest.raises(OutsideUnavailable):
                await begin(door.desk, provider, None, SEEN)
    google.broken = 500
    for issuer in (google.url, f"http://127.0.0.1:{free_port()}"):
        async with OpenIdProvider(settings.model_copy(update={"issuer": issuer})) as provider:
            with pytest.raises(OutsideUnavailable):
                await begin(door.desk, provider, None, SEEN)


async def test_without_a_client_id_it_is_not_offered(door):
    async with OpenIdProvider(Google()) as provider:
        assert not provider.offered
        with pytest.raises(NotOffered):
            await begin(door.desk, provider, None, SEEN)
