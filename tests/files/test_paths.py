"""What is read out of pasted paths: the good ones, and for each bad line its number and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.common.parsing import text_fault
from console.files.file_names import UniqueNames, saved_name
from console.files.paths import MOST_PATHS, read_paths
from console.upstream.storage_paths import path_in_space
from tests.conftest import SPACE

OTHER = "11111111-0000-4000-8000-000000000001"


def test_one_path_a_line_whatever_ends_the_lines() -> None:
    read = read_paths(SPACE, "\ufeffa/1.png\r\n\r\n  b/2.png \t\rc/3 4.png\n")
    assert read.paths == ("a/1.png", "b/2.png", "c/3 4.png")
    assert (read.errors, read.duplicates, read.problem) == ((), 0, "")


def test_an_address_of_the_store_is_the_path_in_it() -> None:
    read = read_paths(SPACE, f"s3://bucket/spaces/{SPACE}/a/1.png\na/1.png\ns3://other/spaces/{SPACE.upper()}/a/1.png")
    assert (read.paths, read.duplicates) == (("a/1.png",), 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"s3://bucket/spaces/{OTHER}/a.png", "This file belongs to another space."),
        ("../a.png", "This is not a path inside the space."),
        ("a/%2e%2e/b.png", "This is not a path inside the space."),
        ("/a.png", "This is not a path inside the space."),
        ("a//b.png", "This is not a path inside the space."),
        ("https://example.com/a.png", "This is not a path inside the space."),
        ("javascript:alert(1)", "This is not a path inside the space."),
        ("a\0b.png", "Remove the line breaks and control characters."),
        ("a\u2028b.png", "Remove the line breaks and control characters."),
        ("\u200b\u200b", "Use at least one visible character."),
        ("x" * 5_000, "This is longer than 4096 characters."),
    ],
)
def test_a_bad_line_is_named_with_its_number(line: str, message: str) -> None:
    read = read_paths(SPACE, f"good.png\n\n{line}\nalso good.png")
    (error,) = read.errors
    assert (error.line, error.message) == (3, message)
    assert len(error.text) <= 200
    assert read.paths == ("good.png", "also good.png")


def test_a_thousand_different_paths_are_the_most() -> None:
    lines = [f"{number}.png" for number in range(MOST_PATHS)]
    assert len(read_paths(SPACE, "\n".join(lines * 2)).paths) == MOST_PATHS
    read = read_paths(SPACE, "\n".join([*lines, "more.png", "one/more.png"]))
    assert (read.paths, read.problem) == ((), "These are 1,002 different paths. Paste up to 1,000 at once.")


def test_a_text_of_bad_lines_names_the_first_thousand_and_counts_all() -> None:
    read = read_paths(SPACE, "/x\n" * 3_000)
    assert (len(read.errors), read.error_count) == (1_000, 3_000)
    assert read.problem == "None of these lines is a path in this space."


def test_a_text_of_many_megabytes_is_refused_unread() -> None:
    assert read_paths(SPACE, "a\n" * 2_000_000).problem == "This text is too long. Paste up to 1,000 paths at once."


@given(st.text(max_size=300))
def test_whatever_is_read_is_asked_for_as_it_is(text: str) -> None:
    read = read_paths(SPACE, text)
    assert len(set(read.paths)) == len(read.paths)
    for path in read.paths:
        assert path_in_space(SPACE, path) == path


@given(st.lists(st.text(max_size=60), max_size=30))
def test_names_in_a_zip_are_harmless_and_different_whatever_the_paths(paths: list[str]) -> None:
    names = UniqueNames("original names.csv")
    given_names = [names.add(path) for path in paths]
    assert len({name.casefold() for name in [*given_names, "Original names.csv"]}) == len(paths) + 1
    for name in given_names:
        assert name
        assert not text_fault(name)
        assert not set(name) & set('/\\:*?"<>|')
        assert not name.endswith((" ", "."))
        assert name not in ("", ".", "..")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/Coin 1.JPG", "Coin 1.jpg"),
        ("uploads/5f0c2c1e", "5f0c2c1e"),
        ("a/CON.png", "_CON.png"),
        ("a/\u202egnp.exe", "gnp.exe"),
        ("a/???", "file"),
        ("a/日本.png", "日本.png"),
        ("a/archive.tar.gz", "archive.tar.gz"),
        ("a/.hidden", "hidden"),
        ("x.日本", "x.日本"),
    ],
)
def test_a_file_is_saved_under_the_last_part_of_its_path(path: str, name: str) -> None:
    assert saved_name(path) == name
