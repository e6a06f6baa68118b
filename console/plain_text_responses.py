"""Words instead of pages for programs: a download tool saves whatever comes, and a page is no zip.

Scripts of ours that send JSON get JSON: `{"message": sentence, "retryIn": seconds or null}`.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse

from console import htmx

FILES = frozenset(
    {
        "exports:download",
        "items:download",
        "files:download",
        "files:zip",
        "audit:export",
        "audit:handover_csv",
        "mfa_download_recovery_codes",
    }
)
SENTENCES = {
    400: "This could not be read.",
    401: "Sign in to the console first. Nothing was sent.",
    403: "Your role does not allow this download.",
    404: "There is no such file here.",
    500: "Something went wrong in this console.",
}
SIGNED_OUT = "You were signed out. Sign in to carry on."
# HTTP asks for a scheme; a known one would open the browser's own window for passwords.
SIGN_IN = 'Cookie realm="annotation console"'


def is_for_tool(request: HttpRequest) -> bool:
    """Whether a file is asked for by something that saves the answer: no page is opened there for anybody to read."""
    match = request.resolver_match
    if match is None or match.view_name not in FILES or htmx.is_htmx(request):
        return False
    accepted = request.headers.get("Accept", "text/html")
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document" and "text/html" in accepted
    return request.method == "HEAD" or "Range" in request.headers or not is_page


def is_for_script(request: HttpRequest) -> bool:
    """Whether a script of ours asked, which sends JSON and reads JSON: no form does."""
    return request.content_type == "application/json" and not htmx.is_htmx(request)


def for_script(
    status: int,
    sentence: str,
    *,
    retry_in: float | None = None,
    headers: dict[str, str] | None = None,
    **more: object,
) -> JsonResponse:
    """What went wrong, in the words that the script shows, and when to try again where that is known."""
    content = {"message": sentence, "retryIn": max(1, round(retry_in)) if retry_in else None, **more}
    return JsonResponse(content, status=status, headers=headers)


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """401 without the sign-in page, which a tool would save as the file."""
    headers = {"WWW-Authenticate": SIGN_IN}
    if is_for_script(request):
        return for_script(401, SIGNED_OUT, headers=headers, signIn=True)
    return answer(401, headers=headers)


def answer(status: int, sentence: str = "", *, headers: dict[str, str] | None = None) -> HttpResponse:
    """One line of text; `sentence` says more than the status where something is known."""
    words = sentence or SENTENCES.get(status, SENTENCES[500])
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
