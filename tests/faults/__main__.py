"""`make faults`: every operation of the console against every fault. Prints the wrong cells; 1 if there are any.

`ONLY=words` takes the operations whose name holds the words, `SHARE=0.1` a tenth of the cells, always the same ones.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="console-faults-") as folder:
        environment = {**os.environ, "FAULTS_REPORT": folder}
        command = [sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("JOBS", "2"), "tests/faults/full.py"]
        ended = subprocess.run([*command, "--dist", "load", "--tb=short"], env=environment, check=False).returncode
        played = [json.loads(line) for file in Path(folder).glob("*.jsonl") for line in file.read_text().splitlines()]
    wrong = sorted((one for one in played if one["wrong"]), key=lambda one: one["cell"])
    for one in wrong:
        _show(one)
    missed = [one["cell"] for one in played if not one["hit"]]
    for cell in missed:
        print(f"The fault met no call: {cell}")
    print(f"{len(played):,} cells, {len(wrong):,} wrong, {len(missed):,} without effect.")
    return 1 if wrong or ended or not played else 0


def _show(one: dict[str, Any]) -> None:
    print(one["cell"])
    for sentence in one["wrong"]:
        print(f"    {sentence}")


if __name__ == "__main__":
    sys.exit(main())
