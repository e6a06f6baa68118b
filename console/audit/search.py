"""The search index: every group of three letters in the words of a line, by SQLite's FTS5 or PostgreSQL's pg_trgm.

A word of three letters or more is found anywhere, also within another one; a shorter one at the beginning of a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Lookup, TextField

TABLE = "audit_search"
# Two spaces stand before every word, so that even one letter makes a group of three with them.
GAP = "  "
GROUP = 3
# Where words are not set apart, as in Chinese, Japanese and Korean, each letter can begin one.
INNER_STARTS = re.compile(
    r"(?<=\W)(?=(\w{1,2}))|(?<=[\u3040-\u9fff\uac00-\ud7af])(?=([\u3040-\u9fff\uac00-\ud7af]{1,2}))"
)


def folded(text: str) -> str:
    """Without capitals and accents, which one keyboard writes as one character and another one as two."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(one for one in letters if not unicodedata.combining(one)))


def document(texts: Iterable[str]) -> str:
    """What the index holds for a line: its words, and the beginnings of words within them (`no` for `a@north`)."""
    words = [word for text in texts for word in folded(text).split()]
    starts = {match[1] or match[2] for word in words for match in INNER_STARTS.finditer(word)}
    return GAP + GAP.join([*words, *sorted(starts)])


def added(words_so_far: str, text: str) -> str:
    """The document with what the text adds to it; "" where it has all of that."""
    words = dict.fromkeys(words_so_far.split())
    new = [word for word in document([text]).split() if word not in words]
    return GAP + GAP.join([*words, *new]) if new else ""


class Holds(Lookup):
    """`words__holds="yard nor"`: every one of these words, which are `folded`, is in the document."""

    lookup_name = "holds"

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        phrases = ('"' + piece.replace('"', '""') + '"' for piece in self._pieces())
        return f"{column} MATCH %s", [*params, " ".join(phrases)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        pieces = [f"%{connection.ops.prep_for_like_query(piece)}%" for piece in self._pieces()]
        return " AND ".join([f"{column} LIKE %s"] * len(pieces)), [*params * len(pieces), *pieces]

    def _pieces(self) -> Iterator[str]:
        for word in str(self.rhs).split():
            yield (GAP + word)[-GROUP:] if len(word) < GROUP else word


class WordsField(TextField):  # type: ignore[type-arg]
    """Text of the search index."""


WordsField.register_lookup(Holds)
