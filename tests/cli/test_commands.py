"""The command line as its users meet it: real processes, their output and their exit codes."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from auricle import __version__
from auricle.actor import Actor
from auricle.audit.report import heads_of
from auricle.audit.seal import Sealer
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.settings import Settings
from tests import builders
from tests.conftest import Postgres
from tests.e2e.installation import auricle, one_sentence
from tests.emulators.openai_chat import Fault, OpenAIEmulator
from tests.running_service import free_port


def test_version_prints_the_version() -> None:
    done = auricle("version")
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_no_command_shows_what_there_is() -> None:
    shown = auricle()
    assert all(command in shown.stdout + shown.stderr for command in ("up", "doctor", "demo", "providers", "audit"))


def test_doctor_tells_what_is_there_what_is_missing_and_no_secret(tmp_path: Path) -> None:
    done = auricle(
        "doctor",
        "--data-dir",
        str(tmp_path),
        AURICLE_PROVIDERS__GROQ__URL="https://api.example/v1",
        AURICLE_PROVIDERS__GROQ__KEY="very-secret",
        AURICLE_PROVIDERS__GROQ__LLM="some-model",
        AURICLE_DATABASE_URL="postgresql://u:also-secret@127.0.0.1/x",
    )
    assert done.returncode == 0
    assert "has the voice-activity model" in done.stdout
    assert "provider groq: openai_compatible, with a key" in done.stdout
    assert "no language model is configured" not in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_doctor_says_that_without_a_language_model_the_agent_only_quotes(tmp_path: Path) -> None:
    assert "no language model is configured" in auricle("doctor", "--data-dir", str(tmp_path / "not" / "there")).stdout


async def test_providers_check_is_a_table_with_a_row_for_each_capability(tmp_path: Path) -> None:
    async with OpenAIEmulator() as emulator:
        given = {
            "AURICLE_PROVIDERS__LOCAL__URL": emulator.url,
            "AURICLE_PROVIDERS__LOCAL__KEY": "right-key",
            "AURICLE_PROVIDERS__LOCAL__LLM": "some-model",
            "AURICLE_DATA_DIR": str(tmp_path),
        }
        done = await asyncio.to_thread(auricle, "providers", "check", "local", **given)
        assert done.returncode == 0, done
        header, *rows = done.stdout.splitlines()
        assert header.split() == ["provider", "capability", "result", "ms"]
        # A language model can be asked to translate, too.
        assert [row.split()[:3] for row in rows] == [["local", "llm", "ok"], ["local", "translation", "ok"]]
        emulator.always(Fault("status", status=401))
        refused = await asyncio.to_thread(auricle, "providers", "check", "local", **given)
        assert refused.returncode == 1 and "provider.refused" in refused.stdout
        assert "right-key" not in refused.stdout + refused.stderr


def test_checking_a_provider_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    assert one_sentence(auricle("providers", "check", "nobody", AURICLE_DATA_DIR=str(tmp_path)))


@pytest.mark.parametrize("name", ["whisper-tiny", "no-such-model"])
def test_a_model_that_cannot_be_fetched_is_one_sentence_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    proxy = f"http://127.0.0.1:{free_port()}"  # no network: nobody answers there
    refused = auricle("models", "pull", name, "--data-dir", str(tmp_path), HTTPS_PROXY=proxy, HTTP_PROXY=proxy)
    assert one_sentence(refused)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


async def test_audit_verify_says_intact_and_names_the_entry_that_was_changed(
    urls: Urls, database: Database, environment: dict[str, str], tmp_path: Path, postgres: Postgres
) -> None:
    import psycopg

    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    keyring = Keyring(master_key(None, tmp_path))
    organization_id = await builders.make_organization(database)
    await builders.make_patient(database, keyring, Actor.system(organization_id))
    sealer = Sealer(database, heads_of(settings, keyring))
    assert await sealer.round() > 0 and await sealer.sign(everything=True) > 0
    intact = await asyncio.to_thread(auricle, "audit", "verify", **environment)
    assert intact.returncode == 0, intact
    assert f"organization {organization_id}: intact" in intact.stdout
    assert f"organization {organization_id}: 0 versions of 0 notes intact" in intact.stdout
    name = urlsplit(urls.app).path.lstrip("/")
    with psycopg.connect(postgres.admin_url.rsplit("/", 1)[0] + f"/{name}") as administrator:
        administrator.execute("set session_replication_role = replica")  # past every trigger
        changed = administrator.execute(
            "update audit_entry set entity = 'nothing' where organization_id = %s", (organization_id,)
        )
        assert changed.rowcount > 0
    bad = await asyncio.to_thread(auricle, "audit", "verify", **environment)
    assert bad.returncode == 1 and f"organization {organization_id}: BAD" in bad.stdout


def test_audit_verify_where_nothing_runs_is_one_sentence(tmp_path: Path) -> None:
    assert "auricle up" in one_sentence(auricle("audit", "verify", "--data-dir", str(tmp_path)))


@pytest.mark.parametrize("worker_url", [True, False])
def test_a_superuser_as_the_application_role_is_refused_in_one_sentence(
    postgres: Postgres, urls: Urls, environment: dict[str, str], worker_url: bool
) -> None:
    superuser = postgres.admin_url.rsplit("/", 1)[0] + urlsplit(urls.app).path
    given = {"AURICLE_WORKER_URL": environment["AURICLE_WORKER_URL"]} if worker_url else {}
    refused = auricle("up", "--database-url", superuser, "--port", str(free_port()), **given)
    assert one_sentence(refused) == "The application must not run as the database role 'postgres': it is a superuser."


@pytest.mark.parametrize("what", ["password", "port", "nonsense"])
def test_a_database_that_cannot_be_reached_is_one_sentence_without_its_password(
    urls: Urls, environment: dict[str, str], what: str
) -> None:
    there = urlsplit(urls.app)
    url = {
        "password": f"postgresql://auricle_app:hunter2@127.0.0.1:{there.port}{there.path}",
        "port": f"postgresql://auricle_app:hunter2@127.0.0.1:{free_port()}/auricle",
        "nonsense": "mysql:hunter2",
    }[what]
    given = {"AURICLE_WORKER_URL": environment["AURICLE_WORKER_URL"]}
    sentence = one_sentence(auricle("up", "--database-url", url, "--port", str(free_port()), **given))
    assert "hunter2" not in sentence and "database" in sentence


def test_an_own_database_without_a_worker_role_is_refused_in_one_sentence(urls: Urls) -> None:
    refused = auricle("up", "--database-url", urls.app, "--port", str(free_port()))
    assert "AURICLE_WORKER_URL" in one_sentence(refused)


@pytest.mark.parametrize(
    ("name", "value"), [("AURICLE_PORT", "99999"), ("AURICLE_PROVIDERS", "{"), ("AURICLE_VOICE__STOP_S", "9")]
)
def test_a_setting_out_of_range_is_named_without_a_traceback(tmp_path: Path, name: str, value: str) -> None:
    refused = auricle("doctor", "--data-dir", str(tmp_path), **{name: value})
    assert refused.returncode == 1
    assert name in one_sentence(refused).upper()
