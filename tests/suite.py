"""The whole suite in one process tree: `make test`.

What this machine lacks is left out with a line that says so; with REQUIRE=all it is a failure instead.
"""

import base64
import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator

from tests import services

PYTHON = sys.executable
BIN = os.path.dirname(PYTHON)

CHECKS = (
    ("formatting", [f"{BIN}/ruff", "format", "--check", "--quiet", "."]),
    ("lint", [f"{BIN}/ruff", "check", "--quiet", "."]),
    ("types", [f"{BIN}/mypy"]),
    ("templates", [f"{BIN}/djlint", "templates", "--lint", "--quiet"]),
    ("imports", [f"{BIN}/lint-imports"]),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("deployment", [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
)
# As on a team's server; the secrets are made for the check alone.
DEPLOYED = {
    "DJANGO_SETTINGS_MODULE": "console.settings",
    "ALLOWED_HOSTS": "console.example.com",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "AUDIT_SECRET": secrets.token_urlsafe(40),
    "KEY_SECRETS": "check:" + base64.b64encode(secrets.token_bytes(32)).decode(),
}


# A third one on two cores saves less than a tenth of the time, and lets ten presses at once take longer than a request
# may.
WORKERS = "2"
# What Python compiles and pytest rewrites is kept, also where a machine's environment says otherwise: each worker of
# each run would else do it again, which is more than half of its start.
KEPT = {"PYTHONDONTWRITEBYTECODE": ""}


def main() -> int:
    missing = list(left_out())
    for line in missing:
        print(f"Left out: {line}", flush=True)
    if missing and os.environ.get("REQUIRE") == "all":
        print("Everything is required here, so this is a failure.")
        return 1
    if not checks():
        return 1
    return 0 if sys.argv[1:] == ["checks"] else suite()


def left_out() -> Iterator[str]:
    if not services.browser():
        yield "browser tests, because no Chromium is installed (Debian: chromium)."
    if not services.firefox():
        yield "the tests in Firefox, because it is not installed (Debian: firefox-esr)."
    if not services.webkit():
        yield "the tests in WebKit, because it is not installed (Debian: webkit2gtk-driver and xvfb)."
    if not services.postgres_programs():
        yield "the run on PostgreSQL, because no server is installed (Debian: postgresql)."
    if not services.redis_server():
        yield "the tests with Redis, because no server is installed (Debian: redis-server or valkey-server)."


def checks() -> bool:
    """Every check is run, so that one failing does not hide the next."""
    tested = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    results = [run(name, command, DEPLOYED if name == "deployment" else tested) for name, command in CHECKS]
    return all(results)


def suite() -> int:
    marks = "not engines" if services.browser() else "not engines and not browser"
    with contextlib.ExitStack() as stack:
        extra = {}
        if services.redis_server():
            extra["TEST_REDIS_URL"] = stack.enter_context(services.redis())
        else:
            marks = f"{marks} and not redis"
        passed = pytest("SQLite", marks, extra)
        if services.postgres_programs():
            url = stack.enter_context(services.postgres())
            # What only a browser shows hardly depends on the database; one whole day in a browser is played on both.
            on_both = f"{marks} and (not browser or on_both)"
            passed = pytest("PostgreSQL", on_both, {**extra, "TEST_DATABASE_URL": url}) and passed
    passed = engines() and passed
    return 0 if passed else 1


def engines() -> bool:
    """The smoke tests, which have a database of their own, in every engine that is installed."""
    installed = {"firefox": services.firefox(), "webkit": services.webkit()}
    names = " or ".join(name for name, program in installed.items() if program)
    return not names or pytest("Firefox and WebKit", "engines", {}, "--dist", "loadgroup", "-k", names)


def pytest(name: str, marks: str, extra: dict[str, str], *more: str) -> bool:
    workers = os.environ.get("TEST_WORKERS", WORKERS)
    command = [PYTHON, "-m", "pytest", "-q", "-rR", "-n", workers, "--dist", "loadscope", "-m", marks, *more]
    # In the order of their names: by their number of tests, the few that take a minute would all come last, and one
    # worker would end long after the others.
    command += ["--no-loadscope-reorder"]
    # Made anew, and left to the cluster or folder that is thrown away as a whole: a browser's last request may still
    # hold a connection, and PostgreSQL drops no database that is in use.
    command += ["--create-db", "--reuse-db"]
    return run(f"tests on {name}", command, extra)


def run(name: str, command: list[str], extra: dict[str, str]) -> bool:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    passed = subprocess.run(command, env={**os.environ, **KEPT, **extra}, check=False).returncode == 0
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
