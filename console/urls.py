"""The apps and their prefixes. Who may open which page stands in `accounts/access.py`."""

from django.urls import include, path, register_converter

from console.common.converters import Int64

register_converter(Int64, "int64")

urlpatterns = [
    path("", include("console.home.urls")),
    path("account/", include("accounts.allauth_urls")),
    path("", include("accounts.urls")),
    path("slices/", include("console.slices.urls")),
    path("projects/", include("console.projects.urls")),
    path("projects/<uuid:project>/batches/", include("console.batches.urls")),
    path("projects/<uuid:project>/items/", include("console.items.urls")),
    path("signals/", include("console.items.signal_urls")),
    path("files/", include("console.files.urls")),
    path("exports/", include("console.exports.urls")),
    path("audit/", include("console.audit.urls")),
    path("jobs/", include("console.jobs.urls")),
]

handler400 = "console.error_pages.bad_request"
handler403 = "console.error_pages.not_allowed"
handler404 = "console.error_pages.not_found"
handler500 = "console.error_pages.failed"
