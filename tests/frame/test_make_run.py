"""What `make run` starts, as a stranger sees it: from a copy of the tree, with the printed address and password."""

import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from console import demo_env
from tests.practice_space import practice_space
from tests.waiting import until

Running = tuple["subprocess.Popen[str]", list[str], list[int]]


@pytest.fixture(name="practice_space")
def running_space(tmp_path: Path) -> Iterator[Running]:
    """The process, what it has printed, and its ports."""
    with practice_space(tmp_path) as space:
        yield space.running, space.printed, space.ports


def first_page(address: str, email: str, password: str) -> str:
    """As in Safari, no Secure cookie is sent without https."""
    with requests.Session() as browser:
        browser.trust_env = False
        form = browser.get(address, timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert token, form.text
        said = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
        signed_in = browser.post(form.url, said, headers={"Referer": form.url}, allow_redirects=False, timeout=30)
        return browser.get(requests.compat.urljoin(form.url, signed_in.headers["Location"]), timeout=30).text


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def gunicorns(port: int) -> list[int]:
    """The processes of the console that listens on this port, the first one first."""
    found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _runs_on(path, port)]
    return sorted(found)


def _runs_on(cmdline: Path, port: int) -> bool:
    with contextlib.suppress(OSError):
        return f"127.0.0.1:{port}".encode() in cmdline.read_bytes()
    return False


def test_it_prints_who_may_sign_in_and_an_interrupt_ends_everything_it_started(practice_space: Running) -> None:
    running, printed, ports = practice_space
    text = "".join(printed)
    assert f"http://localhost:{ports[0]}/" in text
    people = re.findall(r"(\w+@northwind\.example)\s+(\S+)", text)
    assert [email.split("@")[0] for email, _ in people] == ["ops", "reviewer", "auditor", "admin"]
    for host in ["localhost", *(f"[{host}]" if ":" in host else host for host in demo_env.loopback_hosts())]:
        assert "Waiting for you" in first_page(f"http://{host}:{ports[0]}/", *people[0])
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=30) == 0
    assert all(map(free, ports))


def test_a_worker_that_does_not_listen_to_its_end_is_ended_too(practice_space: Running) -> None:
    running, _, ports = practice_space
    _, *workers = gunicorns(ports[0])
    for stuck in workers:
        os.kill(stuck, signal.SIGSTOP)  # as one that waits for a lock: it hears no SIGTERM
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=30) == 0
    assert gunicorns(ports[0]) == []
    assert all(map(free, ports))


def test_nothing_is_left_when_it_is_killed_itself(practice_space: Running) -> None:
    running, _, ports = practice_space
    running.kill()
    running.wait()
    until(lambda: all(map(free, ports)))
    until(lambda: gunicorns(ports[0]) == [])


def test_everything_it_keeps_is_for_its_own_user_alone(practice_space: Running) -> None:
    running, _, _ = practice_space
    folder = Path(os.readlink(f"/proc/{running.pid}/cwd")) / "var"
    open_to_others = [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]
    assert (folder / "demo" / "console.sqlite3").exists()
    assert open_to_others == []
