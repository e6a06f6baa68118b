"""The formula behind the sample's work items: everything about number `n` follows from `n`."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.emulator import plan
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

    def batches_with(self, status: str) -> list[int]:
        """The batches that can hold such items as long as nobody changes one."""
        places = (place for place, batch in enumerate(self.batches) if plan.may_hold(batch.mood, status))
        return [self.first_batch + place for place in places]

    def make(self, number: int) -> Row:
        batch, status = self.peek(number)
        picture = self._picture(status, number)
        created = self.oldest + number * (self.newest - self.oldest) / self.count
        return {
            "id": self.ids.make(number),
            "status": status,
            "assetUrl": f"raw/{picture.dataset}/{picture.key}",
            "assetId": self.first_asset + number,
            "batchId": batch,
            "resultsUrl": None,
            "created_at": created,
            "updated_at": created if status == "NEW" else min(created + 2 * DAY, self.newest + 1800),
            "taxonomyVersionId": None,
            "metadata": {"row": number} | self._metadata(picture, number),
            "dueInSeconds": None if number % 5 == 4 else (3 + number % 11) * 2 * DAY,
            "difficulty": number * 37 % 101,
            "assetType": self.asset_type,
        }

    def _metadata(self, picture: Picture, number: int) -> Row:
        known = {name: picture.metadata.get(name) for name in ("site", "shift")}
        from_slice = self.origin and number % 3 == 1
        return known | ({"avala_slice": self.origin, "avala_item": picture.uid} if from_slice else {})

    def _picture(self, status: str, number: int) -> Picture:
        """Work that is done is done on a picture that has annotations."""
        shelf = self.labelled if status in ("COMPLETED", "CLIENT_REVIEW") else self.pictures
        return shelf[number % len(shelf)]
