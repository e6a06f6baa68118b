"""Receipts of large and odd zips: CPU, and how much memory the reading adds. Each is read in a process of its own."""

import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from console.exports import archive_contents, coco_archive

MEBIBYTE = 1024**2
BOX = {"bbox": [12.5, 34.25, 100.0, 50.75], "area": 5075.0, "iscrowd": 0, "segmentation": [[12.5, 34.25, 112.5, 34.25]]}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, make in CASES.items():
            path = Path(folder) / f"{name}.zip"
            make(path)
            subprocess.run([sys.executable, "-m", "tests.bench.receipts", str(path)], check=True)
            path.unlink()


def measure(path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(MEBIBYTE):
                yield chunk

    before, begun = _memory(), time.process_time()
    try:
        found = coco_archive.read(chunks())
        said = f"{found.images:,} images, {found.annotations:,} annotations, {found.class_count:,} classes"
    except archive_contents.NotChecked as reason:
        said = str(reason)
    took, added = time.process_time() - begun, _memory() - before
    packed = path.stat().st_size / MEBIBYTE
    print(f"{path.stem}: {packed:.1f} MiB packed, CPU {took:.1f} s, memory +{added:.0f} MiB; {said}", flush=True)


def _memory() -> float:
    """The most this process has had in memory so far, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _document(images: int, annotations: int, classes: int) -> dict[str, Any]:
    return {
        "images": [{"id": n, "file_name": f"images/{n:08}.jpg", "width": 640, "height": 480} for n in range(images)],
        "annotations": [
            {"id": n, "image_id": n % images, "category_id": n % classes, **BOX} for n in range(annotations)
        ],
        "categories": [{"id": n, "name": f"class number {n}", "supercategory": "thing"} for n in range(classes)],
    }


def one(images: int, annotations: int, classes: int) -> Callable[[Path], None]:
    return lambda path: _write(path, {"a.json": json.dumps(_document(images, annotations, classes))})


def many(documents: int, classes: int) -> Callable[[Path], None]:
    return lambda path: _write(path, {f"b/{n}.json": json.dumps(_document(1, 1, classes)) for n in range(documents)})


def with_nan(path: Path) -> None:
    text = json.dumps(_document(50_000, 200_000, 80)).replace("5075.0", "NaN").replace("[[12.5", "[[nan")
    _write(path, {"a.json": text})


def deep(path: Path) -> None:
    text = json.dumps(_document(10, 10, 10))[:-1] + ', "extra": ' + '{"a":[' * 4_000 + "]}" * 4_000 + "}"
    _write(path, {"a.json": text.replace('"iscrowd": 0', '"m": "' + "0" * 30 * MEBIBYTE + '"', 1)})


def _write(path: Path, documents: dict[str, str]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name, text in documents.items():
            target.writestr(name, text)
    path.write_bytes(buffer.getvalue())


CASES: dict[str, Callable[[Path], None]] = {
    "200,000 annotations of 80 classes": one(5_000, 200_000, 80),
    "200,000 annotations of 200,000 classes": one(5_000, 200_000, 200_000),
    "5,000 images, 5,000 classes": one(5_000, 5_000, 5_000),
    "20,000 images, 20,000 classes": one(20_000, 20_000, 20_000),
    "500 documents with 5,000 classes each": many(500, 5_000),
    "100,000 documents": many(100_000, 1),
    "120,000 images, 900,000 annotations": one(120_000, 900_000, 80),
    "1,000,000 images": one(1_000_000, 1, 1),
    "200,000 annotations with numbers JSON does not have": with_nan,
    "a text of 30 MiB, 8,000 brackets deep": deep,
}

if __name__ == "__main__":
    measure(Path(sys.argv[1]))
