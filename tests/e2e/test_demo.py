"""The main job on real input: `auricle demo` against a running installation, from speech to the signed note."""

import pytest

from tests.e2e.installation import Installation, auricle

pytestmark = pytest.mark.slow


def test_the_recorded_consultation_ends_in_a_signed_note_with_every_key_fact(installation: Installation) -> None:
    installation.running()
    done = auricle("demo", "--port", str(installation.port), timeout_s=300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "MISSING" not in done.stdout
    assert "ibuprofen 400 mg" in done.stdout
