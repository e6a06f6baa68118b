"""The sign-in page after a form that came without any cookie: nobody can sign in with a browser that keeps none."""

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.forms import SignInForm

SIGN_IN = {"account_login", "mfa_login_webauthn"}


def sign_in_without_cookies(request: HttpRequest) -> HttpResponseBase | None:
    """None where a cookie of ours came along, or where the form is another than those of the sign-in page."""
    ours = {settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME}
    is_sign_in = request.resolver_match is not None and request.resolver_match.view_name in SIGN_IN
    return None if request.COOKIES.keys() & ours or not is_sign_in else _page(request)


class _WithoutCookies(LoginView):  # type: ignore[misc]  # the library is not typed
    """Status 403; keeps the address that was typed and where the person wanted to go."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Without an Origin, which has been checked, the form can be another site's, and that fills in nothing here.
        typed = request.POST.get("login", "") if "Origin" in request.headers else ""
        form = SignInForm(request=request, initial={"login": typed})
        need_https = settings.COOKIES_ARE_SECURE and not request.is_secure()
        context = self.get_context_data(form=form, cookies_refused=True, cookies_need_https=need_https)
        response: HttpResponse = self.render_to_response(context, status=403)
        return response


_page = _WithoutCookies.as_view()
