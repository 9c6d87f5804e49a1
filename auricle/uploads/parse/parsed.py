"""What parsing yields. Offsets are Python string offsets into `Parsed.text`, the stored text."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MAX_PAGES = 5_000
MAX_CHARACTERS = 8_000_000
MAX_HEADING = 300  # a longer one is a paragraph that somebody made bold

# Why text was left out that no reader would have seen: the keys of `Parsed.hidden`.
UNSEEN, INVISIBLE, WHITE, TINY, OFF_PAGE, COVERED = "unseen", "invisible", "white", "tiny", "off_page", "covered"
COMMENT, DELETED, NOT_SHOWN = "comment", "deleted", "not_shown"


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part: its heading starts at `start`, what it says at `body`."""

    title: str
    start: int
    body: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """The plain text of a document and where its parts lie in it."""

    text: str
    title: str = ""  # as the document names itself; empty when it does not
    pages: Sequence[int] = ()  # offset at which each page starts; empty for a document without pages
    sections: Sequence[Section] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)  # reason → characters that were left out for it

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, that holds an offset."""
        return bisect_right(self.pages, offset) if self.pages else None

    @property
    def hidden_characters(self) -> int:
        return sum(self.hidden.values())
