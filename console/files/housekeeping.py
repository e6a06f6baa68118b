"""Deleting old uploads and path lists. The files themselves stay in the store, and the audit keeps who sent them."""

from datetime import timedelta

from django.utils import timezone

from console.files.models import PathList, Upload

LASTS = timedelta(days=180)
UPLOADS_A_NIGHT = 1_000


def delete_old_uploads() -> None:
    """Ledgers that nothing was added to or reported of for 180 days."""
    old = Upload.objects.filter(updated_at__lt=timezone.now() - LASTS).order_by("updated_at")
    for pk in list(old.values_list("pk", flat=True)[:UPLOADS_A_NIGHT]):
        Upload.objects.filter(pk=pk).delete()


def delete_old_path_lists() -> None:
    PathList.objects.filter(created_at__lt=timezone.now() - LASTS).delete()
