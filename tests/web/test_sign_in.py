"""Sign-in over HTTP."""

from tests import builders
from tests.service import PASSWORD, Service
from tests.web.conftest import Hospital


async def test_a_patient_registers_with_a_clinic_that_allows_it_and_sees_only_themselves(service: Service) -> None:
    await builders.make_organization(service.database, "open-clinic", open_registration=True)
    async with service.client() as http:
        signed_in = (await http.post("/api/v1/auth/register", json={
            "email": "new@example.org", "password": PASSWORD, "organization": "open-clinic", "given_name": "Nila",
            "family_name": "Das"})).raise_for_status().json()
        http.headers["authorization"] = f"Bearer {signed_in['access_token']}"
        me = (await http.get("/api/v1/auth/me")).raise_for_status().json()
        assert me["role"] == "patient"
        own = (await http.get(f"/api/v1/patients/{me['patient_id']}")).raise_for_status().json()
        assert own["given_name"] == "Nila"
        assert (await http.get("/api/v1/patients")).status_code == 403


async def test_a_clinic_that_is_closed_to_registration_refuses(service: Service) -> None:
    await builders.make_organization(service.database, "closed-clinic")
    async with service.client() as http:
        answer = await http.post("/api/v1/auth/register", json={
            "email": "other@example.org", "password": PASSWORD, "organization": "closed-clinic", "given_name": "N",
            "family_name": "D"})
    assert (answer.status_code, answer.json()["error_code"]) == (409, "authentication.registration_refused")


async def test_a_refresh_token_works_once_and_a_second_use_ends_the_sign_in(service: Service,
                                                                            hospitals: tuple[Hospital, Hospital]) -> None:
    actor = hospitals[0].people["staff"]
    async with service.client() as http:
        from auricle.identity.models import Account

        async with service.database.transaction(actor) as db:
            email = (await db.get_one(Account, actor.account_id)).email
        first = (await http.post("/api/v1/auth/login", json={"login": email, "password": PASSWORD})).json()
        second = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        assert second["refresh_token"] != first["refresh_token"]
        stolen = await http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert (stolen.status_code, stolen.json()["error_code"]) == (401, "authentication.refresh_refused")
        after = await http.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert after.status_code == 401


async def test_after_logout_the_access_token_is_worthless(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    headers = await service.headers(hospitals[0].people["staff"])
    async with service.client(headers) as http:
        assert (await http.get("/api/v1/auth/me")).status_code == 200
        assert (await http.post("/api/v1/auth/logout")).status_code == 204
        assert (await http.get("/api/v1/auth/me")).status_code == 401


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(service: Service,
                                                                   hospitals: tuple[Hospital, Hospital]) -> None:
    async with service.client() as http:
        wrong = await http.post("/api/v1/auth/login", json={"login": "nobody@example.org", "password": "wrong wrong"})
        assert (wrong.status_code, wrong.json()["error_code"]) == (401, "authentication.wrong_credentials")


async def test_a_role_without_the_permission_is_refused(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    async with service.client(hospitals[0].headers["patient"]) as http:
        for path in ("/api/v1/patients", "/api/v1/soap/notes", "/api/v1/audit/entries", "/api/v1/usage", "/api/v1/agents"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "authorization.forbidden"), path
