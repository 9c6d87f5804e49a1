"""The same installation as for recordings."""

from tests.recording.conftest import service, ward  # noqa: F401
