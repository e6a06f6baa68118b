"""The practice space before anything is started: this machine only, and nothing thrown away by mistake."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from console import demo_env
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
PREPARE = """
import sys
from pathlib import Path
from console import demo_env
demo_env.FOLDER = Path(sys.argv[1])
demo_env.prepare_environment()
"""


def preparing(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """In a process and a folder of its own, on free ports."""
    ports = {name: str(free_port()) for name in demo_env.PORTS}
    return subprocess.run(
        [sys.executable, "-c", PREPARE, str(folder), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **ports, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_run_keeps_the_secrets_and_a_fresh_one_makes_new_ones(tmp_path: Path) -> None:
    assert preparing(tmp_path / "demo").stderr == ""
    kept = tmp_path / "demo" / "secrets.env"
    first = kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    preparing(tmp_path / "demo")
    assert kept.read_text() == first
    preparing(tmp_path / "demo", "--fresh")
    assert kept.read_text() != first


@pytest.mark.parametrize("hosts", ["console.example.com", "127.0.0.1,0.0.0.0", "*", ""])
def test_it_is_for_this_machine_only(tmp_path: Path, hosts: str) -> None:
    stopped = preparing(tmp_path / "demo", ALLOWED_HOSTS=hosts)
    assert stopped.returncode == 1
    assert stopped.stderr == "The practice space is for this machine only: unset ALLOWED_HOSTS.\n"
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("name", demo_env.PORTS)
def test_a_busy_port_is_one_sentence_and_costs_no_data(tmp_path: Path, name: str) -> None:
    (tmp_path / "world").touch()
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = str(other.getsockname()[1])
        stopped = preparing(tmp_path, "--fresh", **{name: number})
    assert stopped.returncode == 1
    assert stopped.stderr == f"Port {number} is in use by another program. Choose another with {name}=….\n"
    assert (tmp_path / "world").exists()


def test_two_with_the_same_port_are_one_sentence(tmp_path: Path) -> None:
    number = str(free_port())
    stopped = preparing(tmp_path, CONSOLE_PORT=number, STORAGE_EMULATOR_PORT=number)
    assert stopped.returncode == 1
    assert stopped.stderr == (
        f"CONSOLE_PORT and STORAGE_EMULATOR_PORT are both {number}: each needs a port of its own.\n"
    )


@pytest.mark.parametrize("number", ["abc", "0", "70000", "-1", "1e3"])
def test_a_port_that_is_none_is_one_sentence(tmp_path: Path, number: str) -> None:
    stopped = preparing(tmp_path, CONSOLE_PORT=number)
    assert stopped.stderr == f"CONSOLE_PORT must be a port number, not {number!r}.\n"


def test_the_emulator_gets_none_of_the_consoles_secrets(tmp_path: Path) -> None:
    program = PREPARE + "import json; print(json.dumps(demo_env.emulator_environment()))"
    ports = {name: str(free_port()) for name in demo_env.PORTS}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **ports, "EMULATOR_PACE": "1", "EMAIL_URL": "smtp://u:hunter2@mail"},
        capture_output=True,
        text=True,
        check=True,
    )
    given = json.loads(ran.stdout)
    assert set(given) == {"PATH", "EMULATOR_PACE", "EMULATOR_STATE", *(n for n in demo_env.PORTS if "EMULATOR" in n)}
