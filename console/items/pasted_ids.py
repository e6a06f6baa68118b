"""Ids of work items as people paste them: out of a table, a mail, a JSON file, with anything between them."""

import re
from dataclasses import dataclass

MOST_IDS = 1000
MOST_TEXT = 1_000_000
MOST_NAMED = 5
LONGEST_NAMED = 60

_ID = re.compile(r"(?<![0-9A-Za-z-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z-])")
_WORD = re.compile(r"[\w-]{1,2000}")


@dataclass(frozen=True)
class PastedIds:
    """`ids` are unique, in lower case and as pasted in order; `wrong` are the words that are no id."""

    ids: tuple[str, ...] = ()
    duplicates: int = 0
    wrong: tuple[str, ...] = ()
    problem: str = ""
    """A sentence for the field; there are no `ids` then."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was left out."""
        doubles = (f"{_count(self.duplicates, 'duplicate id was', 'duplicate ids were')} left out.",)
        return (*(doubles if self.duplicates else ()), *((self.wrong_words,) if self.wrong else ()))

    @property
    def wrong_words(self) -> str:
        words = ", ".join(f"“{word[:LONGEST_NAMED]}”" for word in self.wrong[:MOST_NAMED])
        rest = len(self.wrong) - MOST_NAMED
        more = f" and {rest:,} more" if rest > 0 else ""
        return f"{_count(len(self.wrong), 'word isn’t a work item id', 'words aren’t work item ids')}: {words}{more}."


def read_ids(text: str) -> PastedIds:
    """The ids in a text, up to MOST_IDS different ones. Never raises."""
    if len(text) > MOST_TEXT:
        return PastedIds(problem=f"This text is too long. Paste up to {MOST_IDS:,} ids at once.")
    pasted = [item_id.lower() for item_id in _ID.findall(text)]
    ids = tuple(dict.fromkeys(pasted))
    wrong = tuple(dict.fromkeys(word for word in _WORD.findall(_ID.sub(" ", text)) if word.strip("-_")))
    if len(ids) > MOST_IDS:
        return PastedIds(problem=f"These are {len(ids):,} ids. Paste up to {MOST_IDS:,} at once.")
    pasted_ids = PastedIds(ids, len(pasted) - len(ids), wrong)
    return PastedIds(problem=pasted_ids.wrong_words, wrong=wrong) if wrong and not ids else pasted_ids


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
