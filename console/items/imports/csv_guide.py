"""What a person reads about the columns of a CSV."""

from console.upstream.cloudfactory_bodies import MOST_DIFFICULTY, MOST_DUE
from console.words import number

COLUMNS: tuple[tuple[str, str], ...] = (
    ("asset_url", "Address of the picture or video: https://, s3://, or a path inside the space."),
    ("asset_id", "Its number at CloudFactory instead of an address."),
    ("asset_type", "image or video. Always needed."),
    ("batch", "Name or id of the batch. Left empty: the one chosen above, else Default."),
    ("results_url", "An address with https://."),
    ("taxonomy_version_id", "A UUID."),
    ("due_in_seconds", f"A whole number from 1 to {number(MOST_DUE)} (30 days)."),
    ("difficulty", f"A whole number from 0 to {MOST_DIFFICULTY}."),
    ("metadata", 'A JSON object, for example {"camera": "front"}.'),
    ("labels", "Ground-truth labels: a JSON list of objects."),
    ("metadata.NAME", "A text that is added to the metadata as NAME."),
)
