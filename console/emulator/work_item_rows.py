"""The formula behind the sample's work items: everything about number `n` follows from `n`."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.emulator import plan
from console.emulator.choice import ALWAYS, Choice, Span, as_shown, common, joined
from console.emulator.tables import Ids, Row

DAY = 24 * 3600


@dataclass(frozen=True)
class Picture:
    dataset: str
    key: str
    picture: str
    thumbnail: str
    metadata: Row
    coco: str | None
    uid: str = ""
    """Of the dataset's item it is."""


@dataclass(frozen=True)
class WorkItemRows:
    ids: Ids
    batches: Sequence[plan.Batch]
    first_batch: int
    first_asset: int
    asset_type: str
    pictures: Sequence[Picture]
    labelled: Sequence[Picture]
    oldest: float
    newest: float
    count: int
    origin: str = ""
    """The slice, as owner and slug, that every third item came from."""

    def peek(self, number: int) -> tuple[int, str]:
        """Batch and status. Each batch holds one stretch of the numbers."""
        place = number * len(self.batches) // self.count
        return self.first_batch + place, plan.status_of(self.batches[place].mood, number)

    def stretch(self, batch: int) -> range:
        """The numbers of a batch, so that a look at one batch need not pass all the others."""
        place, batches = batch - self.first_batch, len(self.batches)
        if not 0 <= place < batches:
            return range(0)
        return range(-(-place * self.count // batches), -(-(place + 1) * self.count // batches))

    def times(self, number: int) -> tuple[float, float]:
        """When it was created, which grows with the number, and updated: two days later, if it was begun by now."""
        created = self._created(number)
        return created, created if self.peek(number)[1] == "NEW" else self._started_at(number)

    def spans(self, choice: Choice) -> list[range]:
        """Where such items can be, as long as none is changed."""
        places: Sequence[int] = range(len(self.batches))
        if choice.batches is not None:
            places = sorted(batch - self.first_batch for batch in choice.batches)
        matching_places = [place for place in places if self._may_hold(place, choice.status)]
        rows = joined(self.stretch(self.first_batch + place) for place in matching_places)
        return common(common(rows, [self._between(self._created, choice.created)]), self._updated_within(choice))

    def _may_hold(self, place: int, status: str | None) -> bool:
        if not 0 <= place < len(self.batches):
            return False
        return status is None or plan.may_hold(self.batches[place].mood, status)

    def _updated_within(self, choice: Choice) -> list[range]:
        """New items were updated when they were created; among the others the update grows with the number, too."""
        new, started = (self._between(moment, choice.updated) for moment in (self._created, self._started_at))
        if choice.status is not None:
            return [new if choice.status == "NEW" else started]
        return joined([new, started])

    def _between(self, moment: Callable[[int], float], span: Span) -> range:
        """The numbers whose moment lies in the span; moments grow with the numbers."""
        numbers = range(self.count)
        if span == ALWAYS:
            return numbers
        start = bisect_left(numbers, span[0], key=lambda number: as_shown(moment(number)))
        return range(start, bisect_right(numbers, span[1], key=lambda number: as_shown(moment(number))))

    def _created(self, number: int) -> float:
        return self.oldest + number * (self.newest - self.oldest) / self.count

    def _started_at(self, number: int) -> float:
        return min(self._created(number) + 2 * DAY, self.newest + 1800)

    def make(self, number: int) -> Row:
        batch, status = self.peek(number)
        picture = self._picture(status, number)
        created, updated = self.times(number)
        return {
            "id": self.ids.make(number),
            "status": status,
            "assetUrl": f"raw/{picture.dataset}/{picture.key}",
            "assetId": self.first_asset + number,
            "batchId": batch,
            "resultsUrl": None,
            "created_at": created,
            "updated_at": updated,
            "taxonomyVersionId": None,
            "metadata": {"row": number} | self._metadata(picture, number),
            "dueInSeconds": None if number % 5 == 4 else (3 + number % 11) * 2 * DAY,
            "difficulty": number * 37 % 101,
            "assetType": self.asset_type,
        }

    def _metadata(self, picture: Picture, number: int) -> Row:
        attributes = {name: picture.metadata.get(name) for name in ("site", "shift")}
        from_slice = self.origin and number % 3 == 1
        return attributes | ({"avala_slice": self.origin, "avala_item": picture.uid} if from_slice else {})

    def _picture(self, status: str, number: int) -> Picture:
        """Work that is done is done on a picture that has annotations."""
        shelf = self.labelled if status in ("COMPLETED", "CLIENT_REVIEW") else self.pictures
        return shelf[number % len(shelf)]
