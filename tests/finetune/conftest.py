"""The clinic of the notes' tests, with a folder of files and patients who let models learn from them."""

from tests.notes.conftest import clinic, make_clinic  # noqa: F401 - fixtures are found by their names here
