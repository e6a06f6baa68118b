"""What `make run` starts, as a stranger sees it: from a copy of the tree, with the printed address and password."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from console import practice
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C ends everything."

Running = tuple["subprocess.Popen[str]", list[str], list[int]]


@pytest.fixture
def practice_space(tmp_path: Path) -> Iterator[Running]:
    """The process, what it has printed, and its ports."""
    for part in ("console", "accounts", "templates", "static", "manage.py", "requirements.txt"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    ports = [free_port() for _ in practice.PORTS]
    # A proxy that is not there: nothing on this machine may be asked for through it.
    environment = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:9"}
    environment |= dict(zip(practice.PORTS, map(str, ports), strict=True))
    command = [sys.executable, "manage.py", "demo"]
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    printed: list[str] = []
    for line in running.stdout:
        printed.append(line)
        if READY in line:
            break
    yield running, printed, ports
    running.send_signal(signal.SIGINT)  # killed at once, it would leave behind what it started
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(timeout=30)
    running.kill()
    running.wait()


def first_page(address: str, email: str, password: str) -> str:
    with requests.Session() as browser:
        browser.trust_env = False
        form = browser.get(address, timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert token, form.text
        said = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
        _allow_plain(browser)
        signed_in = browser.post(form.url, said, headers={"Referer": form.url}, allow_redirects=False, timeout=30)
        _allow_plain(browser)
        return browser.get(requests.compat.urljoin(form.url, signed_in.headers["Location"]), timeout=30).text


def _allow_plain(browser: requests.Session) -> None:
    """Browsers send Secure cookies to this machine without https; this client has to be told."""
    for cookie in browser.cookies:
        cookie.secure = False


def test_it_prints_who_may_sign_in_and_an_interrupt_ends_everything_it_started(practice_space: Running) -> None:
    running, printed, ports = practice_space
    text = "".join(printed)
    assert f"http://localhost:{ports[0]}/" in text
    people = re.findall(r"(\w+@northwind\.example)\s+(\S+)", text)
    assert [email.split("@")[0] for email, _ in people] == ["ops", "reviewer", "auditor", "admin"]
    assert "Waiting for you" in first_page(f"http://127.0.0.1:{ports[0]}/", *people[0])
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=30) == 0
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
