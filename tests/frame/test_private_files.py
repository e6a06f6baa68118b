"""What an older version left open to other users is closed at the next start."""

from pathlib import Path

from console import private_files


def test_a_folder_and_its_files_are_closed_to_others(tmp_path: Path) -> None:
    var, database = tmp_path / "var", tmp_path / "var" / "demo" / "console.sqlite3"
    database.parent.mkdir(parents=True)
    database.touch()
    for path, mode in ((var, 0o755), (database.parent, 0o755), (database, 0o644)):
        path.chmod(mode)
    private_files.close_to_others(var)
    assert [oct(path.stat().st_mode & 0o777) for path in (var, database.parent, database)] == [
        "0o700",
        "0o700",
        "0o600",
    ]


def test_a_database_elsewhere_is_closed_with_the_files_beside_it_and_nothing_else(tmp_path: Path) -> None:
    database, beside, other = (tmp_path / name for name in ("console.db", "console.db-wal", "notes.txt"))
    for path in (database, beside, other):
        path.touch()
        path.chmod(0o644)
    private_files.close_sqlite(database)
    assert [oct(path.stat().st_mode & 0o777) for path in (database, beside, other)] == ["0o600", "0o600", "0o644"]


def test_a_device_stays_as_it_is(tmp_path: Path) -> None:
    before = Path("/dev/full").stat().st_mode
    private_files.close_sqlite(Path("/dev/full"))
    assert Path("/dev/full").stat().st_mode == before
