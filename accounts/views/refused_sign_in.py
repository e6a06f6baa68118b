"""The sign-in page once more, where its form came without cookies or with the token of another page."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.forms import SignInForm

SIGN_IN = {"account_login", "mfa_login_webauthn"}


def sign_in_page_again(request: HttpRequest) -> HttpResponseBase | None:
    """The answer to a form of the sign-in page that was refused unread; None for any other form.

    Without any cookie of ours the browser keeps none. Otherwise another tab opened this page later, or signed in.
    """
    if request.resolver_match is None or request.resolver_match.view_name not in SIGN_IN:
        return None
    if request.user.is_authenticated:
        # The library's own page redirects a signed-in person to `next`.
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.POST.get('next', '')})}")
    page: HttpResponseBase = _page(request)
    return page


class _SignInPageAgain(LoginView):  # type: ignore[misc]  # the library is not typed
    """Status 403; keeps the address that was typed and where the person wanted to go."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Without an Origin, which has been checked, the form can be another site's, and that fills in nothing here.
        address = request.POST.get("login", "") if "Origin" in request.headers else ""
        context = self.get_context_data(
            form=SignInForm(request=request, initial={"login": address}),
            cookies_refused=not request.COOKIES.keys() & {settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME},
            cookies_need_https=settings.COOKIES_ARE_SECURE and not request.is_secure(),
            page_expired=True,
        )
        response: HttpResponse = self.render_to_response(context, status=403)
        return response


_page = _SignInPageAgain.as_view()
