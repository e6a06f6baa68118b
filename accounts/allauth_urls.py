"""allauth's pages under `/account/`. Those we do not offer are closed in `access.py`."""

from allauth.mfa.totp.views import activate_totp
from csp.decorators import csp_update
from django.urls import include, path

urlpatterns = [
    # The only page whose picture is part of the page itself.
    path("2fa/totp/activate/", csp_update({"img-src": ["data:"]})(activate_totp), name="mfa_activate_totp"),
    path("", include("allauth.urls")),
]
