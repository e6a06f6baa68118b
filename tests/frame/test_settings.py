"""The console starts safe or not at all, and every setting is where a newcomer looks for it."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console.common import url_checks

ROOT = Path(__file__).resolve().parents[2]
NAMES = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "console/settings.py").read_text()))
SAFE = {
    "SECRET_KEY": "q7Vn2Lx9Rb4Tz6Wc1Yd8Kf3Mj5Hg0Ps2Au7Ei4Oo9Qw1Zk6Xv3Bn8",
    "AUDIT_SECRET": "w3Zt8Nm5Ky1Rc6Xb9Vd4Qf7Lh2Js0PgTa6",
    "KEY_SECRETS": "k1:" + base64.b64encode(bytes(range(100, 132))).decode(),
}
PRACTICE = {
    "PRACTICE": "true",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "AVALA_BASE_URL": "http://127.0.0.1:8901/api/v1",
    "CLOUDFACTORY_BASE_URL": "http://[::1]:8902/api/v1",
}


@pytest.mark.parametrize(
    "host", [".example.com", "*", "*.example.com", "https://a.example", "a.example:443", "a b", "[", "[::]x", "", "a_"]
)
def test_a_pattern_is_no_host(host: str) -> None:
    assert not url_checks.is_host(host)


@pytest.mark.parametrize("host", ["localhost", "console.example.com", "10.0.0.7", "[::1]", "[2001:db8::7]"])
def test_one_name_or_address_is_a_host(host: str) -> None:
    assert url_checks.is_host(host)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3", "::/1", "0/0", "x"])
def test_a_network_that_holds_everybody_holds_no_proxies(network: str) -> None:
    assert not url_checks.is_address_or_network(network)


@pytest.mark.parametrize("network", ["10.0.0.7", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::7", "fd00:1::/48"])
def test_a_machine_or_a_network_can_be_a_proxy(network: str) -> None:
    assert url_checks.is_address_or_network(network)


@pytest.mark.parametrize(
    "text", ["*", "https://*", "https://*.a.example", "https:", "data:", "https://a:99999", "https://", "https://a/"]
)
def test_what_stands_for_several_is_no_origin(text: str) -> None:
    assert not url_checks.is_origin(text)


def starting(show: str = "''", **changes: str) -> subprocess.CompletedProcess[str]:
    """The console's own check in a process of its own, with nothing from a developer's environment."""
    kept = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    program = "import environ; environ.Env.read_env = lambda *a, **k: None; from console import settings"
    return subprocess.run(
        [sys.executable, "-c", f"{program}; print({show})"],
        cwd=ROOT,
        env={**kept, **SAFE, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_with_three_secrets_alone() -> None:
    started = starting()
    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "django-insecure-" + "x1y2z3" * 10}, "looks like a placeholder"),
        ({"AUDIT_SECRET": ""}, "AUDIT_SECRET is missing"),
        ({"AUDIT_SECRET": SAFE["SECRET_KEY"]}, "AUDIT_SECRET must differ"),
        ({"KEY_SECRETS": ""}, "KEY_SECRETS is missing"),
        ({"KEY_SECRETS": "k1:c2hvcnQ="}, "32 random bytes"),
        ({"KEY_SECRETS": "k1:@@@"}, "not base64"),
        ({"KEY_SECRETS": SAFE["KEY_SECRETS"] + "," + SAFE["KEY_SECRETS"]}, "different id"),
        ({"DEBUG": "true", "ALLOWED_HOSTS": "console.example.com"}, "DEBUG"),
        ({"AVALA_BASE_URL": "http://api.avala.ai/api/v1"}, "AVALA_BASE_URL must start with https"),
        ({"CLOUDFACTORY_BASE_URL": "ftp://example.com"}, "CLOUDFACTORY_BASE_URL must start with https"),
        ({"MEDIA_ORIGINS": "https://cdn.example.com/pictures"}, "MEDIA_ORIGINS takes origins"),
        ({"TRUSTED_LOCAL_ORIGINS": "*"}, "TRUSTED_LOCAL_ORIGINS takes origins"),
        ({"EXPORT_DOWNLOAD": "mail"}, "EXPORT_DOWNLOAD is either"),
        ({"JOBS_URL": "amqp://queue"}, "JOBS_URL starts with"),
        ({"AVALA_BASE_URL": "https://[api/v1"}, "AVALA_BASE_URL must start with https"),
        ({"AVALA_BASE_URL": "https://hunter2:hunter2@api.avala.ai/api/v1"}, "be a plain address"),
        ({"AVALA_BASE_URL": "http://vendor.localhost/api/v1"}, "be a plain address"),
        ({"MEDIA_ORIGINS": "https://[cdn"}, "MEDIA_ORIGINS takes origins"),
        ({"DATABASE_URL": "hunter2"}, "DATABASE_URL looks like"),
        ({"CACHE_URL": "hunter2"}, "CACHE_URL looks like"),
        ({"EMAIL_URL": "hunter2"}, "EMAIL_URL cannot be read"),
        ({"JOBS_LEASE": "hunter2"}, "JOBS_LEASE cannot be read"),
        ({"TIME_ZONE": "Mars/Base"}, "TIME_ZONE takes a name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"MEDIA_ORIGINS": "https://cdn.example.com; script-src *"}, "MEDIA_ORIGINS takes origins"),
        ({"MEDIA_ORIGINS": "http://cdn.example.com"}, "MEDIA_ORIGINS takes origins with https"),
        ({"UPLOAD_ORIGINS": "http://store.example.com"}, "UPLOAD_ORIGINS takes origins with https"),
        ({"UPLOAD_ORIGINS": "https://store.example.com; script-src *"}, "UPLOAD_ORIGINS takes origins"),
        ({"UPLOAD_ORIGINS": "https://hunter2@store.example.com"}, "UPLOAD_ORIGINS takes origins"),
        ({"TRUSTED_PROXIES": "proxy.example.com"}, "TRUSTED_PROXIES takes addresses"),
        ({"DATABASE_URL": "mysql://hunter2:hunter2@db/console"}, "DATABASE_URL looks like"),
        ({"DATABASE_URL": "sqlite://:memory:"}, "DATABASE_URL looks like"),
        ({"CACHE_URL": "locmemcache://"}, "CACHE_URL looks like"),
        ({"CACHE_URL": "dummycache://"}, "CACHE_URL looks like"),
        ({"CACHE_URL": "filecache:///tmp/console"}, "CACHE_URL looks like"),
        ({"CACHE_URL": "dbcache://console_cache"}, "write sqlite:///var/cache.sqlite3"),
        ({"CACHE_URL": "redis://hunter2:hunter2@[cache"}, "CACHE_URL looks like"),
        ({"JOBS_URL": "sqlite://"}, "JOBS_URL starts with"),
        ({"JOBS_LEASE": "0"}, "JOBS_LEASE must be at least 1"),
        ({"AUDIT_GRACE": "-1"}, "AUDIT_GRACE must be at least 0"),
        ({"AUDIT_ANCHOR": ""}, "AUDIT_ANCHOR must name a file"),
        ({"ALLOWED_HOSTS": "console.example.com,.example.com"}, "ALLOWED_HOSTS must name"),
        ({"TRUSTED_PROXIES": "10.0.0.7,0.0.0.0/0"}, "TRUSTED_PROXIES takes addresses"),
        ({"MEDIA_ORIGINS": "https://*.example.com"}, "MEDIA_ORIGINS takes origins"),
        ({"SHARED_READ_SECONDS": "nan"}, "SHARED_READ_SECONDS cannot be read"),
        ({"EXPORT_FIRST_LOOK": "inf"}, "EXPORT_FIRST_LOOK cannot be read"),
        ({"DATABASE_LOCK_SECONDS": "1e300"}, "DATABASE_LOCK_SECONDS must be at most 60"),
        ({"JOBS_LEASE": "9" * 30}, "JOBS_LEASE must be at most 86400"),
        ({"AUDIT_GRACE": "9" * 5_000}, "AUDIT_GRACE cannot be read"),
        ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL names a mail server"),
        ({"EMAIL_URL": "filemail:///mails"}, "EMAIL_URL names a mail server"),
        ({"AVALA_BASE_URL": "https://api.avala.ai/api/v1?key=hunter2"}, "be a plain address"),
        ({"PRACTICE": "true"}, "PRACTICE is set by `make run` alone"),
        (PRACTICE | {"ALLOWED_HOSTS": "localhost,console.example.com"}, "PRACTICE is set by `make run` alone"),
        (PRACTICE | {"AVALA_BASE_URL": "https://127.0.0.1.example.com/"}, "PRACTICE is set by `make run` alone"),
        ({"AVALA_BASE_URL": "https://api.avala.ai/api/v1#x"}, "be a plain address"),
        ({"CLOUDFACTORY_BASE_URL": "https://key:hunter2@api.ai.cloudfactory.app/api/v1"}, "be a plain address"),
    ],
)
def test_an_unsafe_setting_stops_the_start_with_one_sentence(changes: dict[str, str], words: str) -> None:
    stopped = starting(**changes)
    assert stopped.returncode == 1
    assert words in stopped.stderr
    assert stopped.stderr.count("\n") == 1, "one sentence, no trace"
    assert not any(secret in stopped.stderr for secret in (*SAFE.values(), "hunter2"))


def test_plain_http_to_this_machine_is_fine() -> None:
    assert starting(AVALA_BASE_URL="http://127.0.0.1:8901/api/v1").returncode == 0


@pytest.mark.parametrize(("changes", "prefix", "secure"), [({}, "__Host-", True), (PRACTICE, "practice-", False)])
def test_every_cookie_is_secure_but_in_the_practice_space(changes: dict[str, str], prefix: str, secure: bool) -> None:
    started = starting(show="settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE", **changes)
    assert started.stdout == f"{prefix}session {secure}\n"
    started = starting(show="settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_SECURE", **changes)
    assert started.stdout == f"{prefix}csrf {secure}\n"
    started = starting(show="settings.KNOWN_BROWSER_COOKIE_NAME, settings.COOKIES_ARE_SECURE", **changes)
    assert started.stdout == f"{prefix}known {secure}\n"


def test_a_cache_that_all_processes_share_is_fine() -> None:
    assert starting(CACHE_URL="rediscache://redis:6379/1").returncode == 0


@pytest.mark.parametrize("queue", ["redis://127.0.0.1:9/2", "valkey://127.0.0.1:9/2", "postgres://c:p@127.0.0.1:9/c"])
def test_servers_of_its_own_for_database_cache_and_queue_are_fine(queue: str) -> None:
    started = starting(DATABASE_URL="postgres://c:p@127.0.0.1:9/c", CACHE_URL="redis://127.0.0.1:9/1", JOBS_URL=queue)
    assert (started.returncode, started.stderr) == (0, "")


def test_the_real_services_are_the_default() -> None:
    source = (ROOT / "console/settings.py").read_text()
    assert '"https://api.avala.ai/api/v1"' in source
    assert '"https://api.ai.cloudfactory.app/api/v1"' in source


def test_every_setting_has_a_row_in_the_readme() -> None:
    table = (ROOT / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE)) == NAMES


def test_every_setting_has_a_line_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE)) == NAMES
