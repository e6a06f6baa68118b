"""What files were called on the disk they were uploaded from: their paths in the space have no names in them."""

from collections.abc import Iterable

from console.files.models import UploadFile


def read_names(*, space: str, paths: Iterable[str]) -> dict[str, str]:
    """The name of each path that was uploaded to the space by this console; one statement."""
    files = UploadFile.objects.filter(path__in=list(paths), state=UploadFile.State.SAVED, upload__space=space)
    return dict(files.order_by("updated_at").values_list("path", "name"))
