"""Sign-in over HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pyotp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from sqlalchemy import text

from auricle.actor import Actor
from auricle.identity.models import Account
from auricle.identity.tokens import AUDIENCE, KIND, hash_of, issue_challenge, read_access
from tests import builders
from tests.running_service import HASH, PASSWORD, Service
from tests.web.conftest import Hospital


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content, default=str).encode()).decode().rstrip("=")


def mac_signed(header: dict[str, Any], content: dict[str, Any], key: bytes) -> str:
    """By hand: the library refuses to sign with a public key."""
    signed = f"{part(header)}.{part(content)}"
    mac = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def email_of(service: Service, actor: Actor) -> str:
    async with service.database.transaction(actor) as db:
        return (await db.get_one(Account, actor.account_id)).email


async def signed_in(service: Service, actor: Actor) -> dict[str, Any]:
    async with service.client() as http:
        answer = await http.post("/api/v1/auth/login",
                                 json={"login": await email_of(service, actor), "password": PASSWORD})  # fmt: skip
    tokens: dict[str, Any] = answer.raise_for_status().json()
    return tokens


async def asked(service: Service, token: str) -> int:
    """The status that this access token gets."""
    async with service.client(bearer(token)) as http:
        return (await http.get("/api/v1/auth/me")).status_code


async def until_refused(service: Service, token: str) -> None:
    """Other processes may keep a standing for a second; ten times that is an error."""
    async with asyncio.timeout(10):
        while await asked(service, token) != 401:
            await asyncio.sleep(0.02)


def session_of(service: Service, tokens: dict[str, Any]) -> str:
    return str(read_access(service.keyring.token_secret, tokens["access_token"]).session_id)


async def test_a_patient_registers_with_a_clinic_that_allows_it_and_sees_only_themselves(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    await builders.make_organization(service.database, "open-clinic", open_registration=True)
    async with service.client() as http:
        signed_in = (
            (
                await http.post(
                    "/api/v1/auth/register",
                    json={
                        "email": "new@example.org",
                        "password": PASSWORD,
                        "organization": "open-clinic",
                        "given_name": "Nila",
                        "family_name": "Das",
                    },
                )
            )
            .raise_for_status()
            .json()
        )
        http.headers["authorization"] = f"Bearer {signed_in['access_token']}"
        me = (await http.get("/api/v1/auth/me")).raise_for_status().json()
        assert me["role"] == "patient"
        own = (await http.get(f"/api/v1/patients/{me['patient_id']}")).raise_for_status().json()
        assert own["given_name"] == "Nila"
        assert (await http.get("/api/v1/patients")).status_code == 403


async def test_a_clinic_that_is_closed_to_registration_refuses(service: Service) -> None:
    await builders.make_organization(service.database, "closed-clinic")
    async with service.client() as http:
        answer = await http.post(
            "/api/v1/auth/register",
            json={
                "email": "other@example.org",
                "password": PASSWORD,
                "organization": "closed-clinic",
                "given_name": "N",
                "family_name": "D",
            },
        )
    assert (answer.status_code, answer.json()["error_code"]) == (409, "authentication.registration_refused")


async def test_a_browser_that_asks_for_it_has_its_refresh_token_in_a_cookie_only(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    login = {"login": await email_of(service, hospitals[0].people["clinician"]), "password": PASSWORD}
    wanted = {"x-refresh-cookie": "1"}
    async with service.client() as http:
        came = await http.post("/api/v1/auth/login", json=login, headers=wanted)
        assert came.json()["refresh_token"] is None
        kept = came.headers["set-cookie"]
        assert kept.startswith("__Host-auricle-refresh=")
        assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(kept.split("; "))
        cookie = {"cookie": kept.split(";")[0]}
        other_site = await http.post("/api/v1/auth/refresh", json={}, headers=cookie)  # it can't send the header
        assert (other_site.status_code, other_site.json()["error_code"]) == (401, "authentication.refresh_refused")
        again = await http.post("/api/v1/auth/refresh", json={}, headers=cookie | wanted)
        assert (again.status_code, again.json()["refresh_token"]) == (200, None)
        assert again.headers["set-cookie"].split(";")[0] != cookie["cookie"]
        out = await http.post("/api/v1/auth/logout", headers=wanted | bearer(again.json()["access_token"]))
        assert 'auricle-refresh=""' in out.headers["set-cookie"]
        assert (await http.post("/api/v1/auth/refresh", json={}, headers=wanted)).status_code == 401


async def test_a_refresh_token_used_again_later_ends_the_sign_in(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    first = await signed_in(service, hospitals[0].people["staff"])
    async with service.client() as http:
        second = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        assert second["refresh_token"] != first["refresh_token"]
        beside = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        assert beside["refresh_token"] == second["refresh_token"]  # another tab, at the same moment
        async with service.database.transaction(hospitals[0].people["staff"]) as db:
            await db.execute(
                text("update refresh_token set used_at = used_at - interval '11 seconds' where hash = :hash"),
                {"hash": hash_of(first["refresh_token"])},
            )
        stolen = await http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert (stolen.status_code, stolen.json()["error_code"]) == (401, "authentication.refresh_refused")
        after = await http.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert after.status_code == 401
        for tokens in (first, second, beside):
            answer = await http.get("/api/v1/auth/me", headers=bearer(tokens["access_token"]))
            assert answer.status_code == 401


async def test_no_forged_or_misused_token_opens_anything(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    tokens = await signed_in(service, hospitals[0].people["clinician"])
    secret, claims = service.keyring.token_secret, read_access(service.keyring.token_secret, tokens["access_token"])
    good = jwt.decode(tokens["access_token"], secret, ["HS256"], audience=AUDIENCE)
    for ours in (jwt.encode(good, secret, "HS256", headers={"typ": KIND}),
                 mac_signed({"alg": "HS256", "typ": KIND}, good, secret)):  # fmt: skip
        assert await asked(service, ours) == 200  # so what is refused below is refused for what was changed
    rsa = generate_private_key(65537, 2048)
    public = rsa.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    now = datetime.now(UTC)
    forged = {
        "alg none": jwt.encode(good, None, "none", headers={"typ": KIND}),
        "alg None": part({"alg": "None", "typ": KIND}) + "." + part(good) + ".",
        "key confusion": mac_signed({"alg": "HS256", "typ": KIND}, good, public),
        "RS256": jwt.encode(good, rsa, "RS256", headers={"typ": KIND}),
        "HS512": jwt.encode(good, secret, "HS512", headers={"typ": KIND}),
        "key in the header": jwt.encode(
            good,
            b"k" * 32,
            "HS256",
            headers={"typ": KIND, "jwk": {"kty": "oct", "k": "a2tr"}, "kid": "../../dev/null"},
        ),
        "another audience": jwt.encode({**good, "aud": "auricle-second-factor"}, secret, headers={"typ": KIND}),
        "another issuer": jwt.encode({**good, "iss": "https://accounts.google.com"}, secret, headers={"typ": KIND}),
        "expired": jwt.encode({**good, "exp": now - timedelta(seconds=1)}, secret, "HS256", headers={"typ": KIND}),
        "another type": jwt.encode(good, secret, "HS256"),
        "a challenge": issue_challenge(secret, claims.account_id, claims.organization_id, now=now,
                                       lifetime=timedelta(minutes=5)),
        "refresh as access": tokens["refresh_token"],
    }  # fmt: skip
    assert {name: await asked(service, token) for name, token in forged.items()} == dict.fromkeys(forged, 401)
    async with service.client() as http:
        for token in (tokens["access_token"], forged["a challenge"]):
            answer = await http.post("/api/v1/auth/refresh", json={"refresh_token": token[:200]})
            assert answer.status_code == 401
        answer = await http.post(
            "/api/v1/auth/second-factor", json={"challenge": tokens["access_token"], "code": "123456"}
        )
        assert (answer.status_code, answer.json()["error_code"]) == (401, "authentication.wrong_code")


async def test_one_sees_and_ends_ones_own_sign_ins_and_nobody_elses(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    here, there = [await signed_in(service, hospitals[0].people["staff"]) for _ in range(2)]
    stranger = await signed_in(service, hospitals[1].people["staff"])
    async with service.client(bearer(here["access_token"])) as http:
        listed = (await http.get("/api/v1/auth/sessions")).raise_for_status().json()["items"]
        present = [one["id"] for one in listed if one["present"]]
        assert present == [session_of(service, here)]
        assert session_of(service, there) in {one["id"] for one in listed}
        assert session_of(service, stranger) not in {one["id"] for one in listed}
        for _ in range(2):  # the second time as if it never was
            ended = (await http.delete(f"/api/v1/auth/sessions/{session_of(service, there)}")).status_code
        assert ended == 404
        assert (await http.delete(f"/api/v1/auth/sessions/{session_of(service, stranger)}")).status_code == 404
    assert await asked(service, there["access_token"]) == 401
    assert await asked(service, stranger["access_token"]) == 200
    assert await asked(service, here["access_token"]) == 200


async def test_a_locked_account_says_when_to_come_back(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    actor = await builders.make_member(service.database, hospitals[0].organization_id, "staff", password_hash=HASH)
    login = {"login": await email_of(service, actor), "password": "not this pass phrase"}
    async with service.client() as http:
        answers = [await http.post("/api/v1/auth/login", json=login) for _ in range(6)]
        assert [a.status_code for a in answers] == [401] * 5 + [429]
        assert answers[-1].json()["error_code"] == "authentication.locked"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 62
        right = await http.post("/api/v1/auth/login", json={**login, "password": PASSWORD})
        assert right.status_code == 429


async def test_a_second_factor_is_asked_for_from_its_confirmation_on(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    actor = await builders.make_member(service.database, hospitals[0].organization_id, "staff", password_hash=HASH)
    tokens = await signed_in(service, actor)
    async with service.client(bearer(tokens["access_token"])) as http:
        refused = await http.post("/api/v1/auth/totp", json={"password": "not this pass phrase"})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "authorization.wrong_password")
        enrolment = (await http.post("/api/v1/auth/totp", json={"password": PASSWORD})).raise_for_status().json()
        app = pyotp.parse_uri(enrolment["uri"])
        assert app.secret.rstrip("=") == enrolment["secret"]
        assert (await http.post("/api/v1/auth/totp/confirm", json={"code": "000000"})).status_code == 422
        await signed_in(service, actor)  # not confirmed, not asked for
        code, once = app.now(), {"idempotency-key": "confirm-my-authenticator"}
        confirmed = await http.post("/api/v1/auth/totp/confirm", json={"code": code}, headers=once)
        codes = confirmed.raise_for_status().json()["codes"]
        again = await http.post("/api/v1/auth/totp/confirm", json={"code": code}, headers=once)
        assert not again.is_success and codes[0] not in again.text  # the answer with the codes was not kept
        assert (await http.get("/api/v1/auth/me")).json()["second_factor"] is True
    async with service.client() as http:
        login = {"login": await email_of(service, actor), "password": PASSWORD}
        asked_for = await http.post("/api/v1/auth/login", json=login)
        assert (asked_for.status_code, asked_for.json()["error_code"]) == (401, "authentication.second_factor_required")
        challenge = asked_for.json()["context"]["challenge"]
        assert await asked(service, challenge) == 401
        replayed = await http.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": code})
        assert (replayed.status_code, replayed.json()["error_code"]) == (401, "authentication.wrong_code")
        used = [await http.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": codes[0]})
                for _ in range(2)]  # fmt: skip
        assert [answer.status_code for answer in used] == [200, 401]
        assert await asked(service, used[0].json()["access_token"]) == 200


async def test_changing_the_password_ends_the_other_sign_ins(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    actor = await builders.make_member(service.database, hospitals[0].organization_id, "staff", password_hash=HASH)
    here, there = [await signed_in(service, actor) for _ in range(2)]
    async with service.client(bearer(here["access_token"])) as http:
        for wanted in ("short", "Password@2026!", "qwertyuiop1234"):
            weak = await http.post("/api/v1/auth/password", json={"present": PASSWORD, "wanted": wanted})
            assert (weak.status_code, weak.json()["error_code"]) == (422, "validation.weak_password")
        wrong = await http.post(
            "/api/v1/auth/password", json={"present": "not this one", "wanted": "umbrella tango 51"}
        )
        assert wrong.status_code == 403
        changed = await http.post("/api/v1/auth/password", json={"present": PASSWORD, "wanted": "umbrella tango 51"})
        assert changed.status_code == 204
    await until_refused(service, there["access_token"])
    assert await asked(service, here["access_token"]) == 200
    async with service.client() as http:
        login = {"login": await email_of(service, actor)}
        assert (await http.post("/api/v1/auth/login", json={**login, "password": PASSWORD})).status_code == 401
        new = await http.post("/api/v1/auth/login", json={**login, "password": "umbrella tango 51"})
        assert new.status_code == 200


async def test_asking_for_a_link_tells_nobody_whether_the_address_is_known(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    async with service.client() as http:
        known = {"email": await email_of(service, hospitals[0].people["staff"])}
        answers = [await http.post("/api/v1/auth/password/forgot", json=body)
                   for body in (known, {"email": "nobody-at-all@example.org"})]  # fmt: skip
        assert [(a.status_code, a.content) for a in answers] == [(202, b"null"), (202, b"null")]
        for token in ("x" * 43, "\x00" * 43):
            answer = await http.post(
                "/api/v1/auth/password/reset", json={"token": token, "wanted": "umbrella tango 51"}
            )
            assert (answer.status_code, answer.json()["error_code"]) == (422, "validation.bad_link")


async def test_without_google_set_up_it_is_not_offered(service: Service) -> None:
    async with service.client() as http:
        answer = await http.post("/api/v1/auth/google/begin", json={})
    assert (answer.status_code, answer.json()["error_code"]) == (404, "authentication.not_offered")


async def test_after_logout_the_access_token_is_worthless(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    headers = await service.headers(hospitals[0].people["staff"])
    async with service.client(headers) as http:
        assert (await http.get("/api/v1/auth/me")).status_code == 200
        assert (await http.post("/api/v1/auth/logout")).status_code == 204
        assert (await http.get("/api/v1/auth/me")).status_code == 401


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    async with service.client() as http:
        wrong = await http.post("/api/v1/auth/login", json={"login": "nobody@example.org", "password": "wrong wrong"})
        assert (wrong.status_code, wrong.json()["error_code"]) == (401, "authentication.wrong_credentials")


async def test_a_role_without_the_permission_is_refused(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    async with service.client(hospitals[0].headers["patient"]) as http:
        for path in (
            "/api/v1/patients",
            "/api/v1/soap/notes",
            "/api/v1/audit/entries",
            "/api/v1/usage",
            "/api/v1/agents",
        ):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "authorization.forbidden"), path
