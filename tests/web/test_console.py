"""The console's files: kept as long as their names allow, with a policy that lets nothing else run."""

import struct
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from auricle.settings import Settings
from auricle.web.console import Console
from auricle.web.problems import install

PUBLIC = Path(__file__).parents[2] / "console" / "public"
PAGE = {"accept": "text/html,*/*"}


@pytest.fixture
def browser(tmp_path: Path) -> TestClient:
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Auricle</title>")
    (folder / "assets" / "index-4f0c.js").write_text("1")
    (tmp_path / "secret.txt").write_text("not for anybody")
    return browser_of(folder)


def browser_of(folder: Path) -> TestClient:
    app = Starlette()
    install(app)
    app.router.default = Console(Settings(voice_url="https://calls.example.org", _env_file=None), folder)
    return TestClient(app, raise_server_exceptions=False)


def test_a_page_of_the_console_finds_the_application_and_a_file_with_a_hash_is_kept(browser: TestClient) -> None:
    page = browser.get("/patients/0199c0de", headers=PAGE)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    file = browser.get("/assets/index-4f0c.js")
    assert (file.text, "immutable" in file.headers["cache-control"]) == ("1", True)


def test_its_policy_lets_only_own_files_run_and_sockets_open_where_calls_are(browser: TestClient) -> None:
    policy = browser.get("/", headers=PAGE).headers["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "connect-src 'self' https://calls.example.org wss://calls.example.org;" in policy
    assert "microphone=(self)" in browser.get("/", headers=PAGE).headers["permissions-policy"]


def test_what_a_home_screen_shows_is_there_in_the_sizes_that_the_manifest_states() -> None:
    browser = browser_of(PUBLIC)
    answer = browser.get("/manifest.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    manifest = answer.json()
    assert (manifest["id"], manifest["scope"], manifest["start_url"], manifest["lang"]) == ("/", "/", "/", "en")
    stated = {(icon["src"], icon["sizes"], icon["type"]) for icon in manifest["icons"]}
    assert {icon["sizes"] for icon in manifest["icons"] if icon["purpose"] == "any"} >= {"192x192", "512x512"}
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}
    for source, sizes, kind in stated | {("/apple-touch-icon.png", "180x180", "image/png")}:
        icon = browser.get(source)
        assert (icon.status_code, icon.headers["content-type"]) == (200, kind)
        if kind == "image/png":
            width, height = struct.unpack(">II", icon.content[16:24])  # of the header that every PNG begins with
            assert (icon.content[1:4], f"{width}x{height}") == (b"PNG", sizes)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/assets/gone.js", "/ws/nothing", "/..%2fsecret.txt", "/%00"])
def test_what_is_no_page_stays_not_found(browser: TestClient, path: str) -> None:
    accept = {} if path.startswith("/..") else PAGE
    answer = browser.get(path, headers=accept | {"accept": "*/*"} if path == "/%00" else accept)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "not_found")


def test_only_reading_is_answered(browser: TestClient) -> None:
    assert browser.post("/patients", headers=PAGE).status_code == 404


def test_an_installation_without_a_built_console_says_how_to_build_it(tmp_path: Path) -> None:
    assert "make console" in browser_of(tmp_path / "none").get("/", headers=PAGE).text
