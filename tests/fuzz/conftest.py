"""The installation that is fuzzed: the same as for the tests of the web."""

from tests.web.conftest import hospitals, service, web_settings

__all__ = ["hospitals", "service", "web_settings"]
