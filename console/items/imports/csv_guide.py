"""What a person reads about the columns of a CSV."""

from console.common.formatting import number
from console.upstream.cloudfactory_requests import MOST_DIFFICULTY, MOST_DUE

COLUMNS: tuple[tuple[str, str], ...] = (
    ("asset_url", "Address of the picture or video: https://, s3://, or a path inside the space."),
    ("asset_id", "Its number in CloudFactory, instead of an address."),
    ("asset_type", "Required: image or video."),
    ("batch", "Name or id of the batch. If empty: the batch selected above, or Default."),
    ("results_url", "An address that starts with https://."),
    ("taxonomy_version_id", "The id of the version, such as 3f2b8c1e-5d47-4a90-9c6e-1b7f0d2a8e54."),
    ("due_in_seconds", f"A whole number from 1 to {number(MOST_DUE)} (30 days)."),
    ("difficulty", f"A whole number from 0 to {MOST_DIFFICULTY}."),
    ("metadata", 'A JSON object, for example {"camera": "front"}.'),
    ("labels", "Labels you already have (ground truth): a JSON list of objects."),
    ("metadata.NAME", "Text to add to the metadata as NAME."),
)
