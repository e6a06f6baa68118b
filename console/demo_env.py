"""The practice space: everything `manage.py demo` needs in its environment before the settings are read.

It never touches a real vendor and never listens beyond this machine; all it keeps lies under `var/demo/`.
"""

import base64
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path

from console.common import url_checks
from console.common.parsing import read_int

FOLDER = Path(__file__).resolve().parent.parent / "var" / "demo"
PORTS = {
    "CONSOLE_PORT": 8000,
    "AVALA_EMULATOR_PORT": 8901,
    "CLOUDFACTORY_EMULATOR_PORT": 8902,
    "STORAGE_EMULATOR_PORT": 8903,
}


PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONUNBUFFERED")


def prepare_environment() -> None:
    """Sets every setting the practice space needs, over whatever the surroundings say."""
    hosts = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")
    if not all(url_checks.is_local_name(host.strip()) for host in hosts):
        sys.exit("The practice space is for this machine only: unset ALLOWED_HOSTS.")
    # Before anything is thrown away: another practice space may be running on what lies there.
    _demand_free_ports()
    if "--fresh" in sys.argv:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.update(_secrets() | _addresses())


def emulator_environment() -> dict[str, str]:
    """What the emulator gets of ours: it plays the vendors, so the console's secrets are none of its business."""
    return {name: text for name, text in os.environ.items() if name in PLAIN or "EMULATOR" in name}


def port(name: str) -> int:
    text = os.environ.get(name, str(PORTS[name]))
    number = read_int(text, 1, 65_535)
    if number is None:
        sys.exit(f"{name} must be a port number, not {text!r}.")
    return number


def _demand_free_ports() -> None:
    names: dict[int, str] = {}
    for name in PORTS:
        number = port(name)
        if number in names:
            sys.exit(f"{names[number]} and {name} are both {number}: each needs a port of its own.")
        names[number] = name
        if any(_is_taken(host, number) for host in (loopback_hosts() if name == "CONSOLE_PORT" else ["127.0.0.1"])):
            sys.exit(f"Port {number} is in use by another program. Choose another with {name}=….")


def loopback_hosts() -> list[str]:
    """The addresses that `localhost` can mean on this machine."""
    return ["127.0.0.1", *(["::1"] if not _is_taken("::1", 0) else [])]


def _is_taken(host: str, number: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return True
    return False


def _addresses() -> dict[str, str]:
    storage = f"http://127.0.0.1:{port('STORAGE_EMULATOR_PORT')}"
    return {
        "DEBUG": "false",
        "PRACTICE": "true",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "AVALA_BASE_URL": f"http://127.0.0.1:{port('AVALA_EMULATOR_PORT')}/api/v1",
        "CLOUDFACTORY_BASE_URL": f"http://127.0.0.1:{port('CLOUDFACTORY_EMULATOR_PORT')}/api/v1",
        "TRUSTED_LOCAL_ORIGINS": storage,
        "UPLOAD_ORIGINS": storage,
        "MEDIA_ORIGINS": "",
        "TRUSTED_PROXIES": "",
        "DATABASE_URL": f"sqlite:///{FOLDER / 'console.sqlite3'}",
        "CACHE_URL": f"sqlite:///{FOLDER / 'cache.sqlite3'}",
        "JOBS_URL": f"sqlite:///{FOLDER / 'jobs.sqlite3'}",
        "AUDIT_ANCHOR": str(FOLDER / "audit-anchor.txt"),
        "EMAIL_URL": "dummymail://",
        "EMULATOR_STATE": str(FOLDER / "emulator"),
    }


def _secrets() -> dict[str, str]:
    """Made once and kept, so that a second run can open what the first one sealed."""
    file = FOLDER / "secrets.env"
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        lines = [
            f"SECRET_KEY={secrets.token_urlsafe(60)}",
            f"AUDIT_SECRET={secrets.token_urlsafe(40)}",
            f"KEY_SECRETS=demo:{key}",
        ]
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n")
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
