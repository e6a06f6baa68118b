"""`make bench`: measures, and prints what it measured. `python -m tests.bench pages order` runs only these."""

import importlib
import pkgutil
import sys

from tests import bench

HELPERS = {"__main__", "processes", "stage"}


def main() -> None:
    found = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in HELPERS)
    for name in sys.argv[1:] or found:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"tests.bench.{name}").main()


if __name__ == "__main__":
    main()
