"""No regular expression over outside text takes time squared: one of ours froze a worker with 8,000 question marks."""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from django import forms
from django.core.validators import EmailValidator, RegexValidator
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

import accounts
import console
import console.urls  # registers the converters that other files of addresses use
from console.common import redaction

ROOT = Path(__file__).resolve().parents[2]
LENGTHS = (1_000, 4_000, 16_000)
# Many times what a linear pattern needs for the longest; only what takes longer is compared with the length before.
NOTICED, MOST_GROWTH = 0.05, 9
PIECES = (
    "?", " ", '"', "'", "a", "A", ".", "9", "\\", "/", "-", "_", "=", ":", ";", ",", "@", "%", "&", "<", "[", "{", "\n",
    "\t", "\0", "\u00a0", "\u00b2", "\ud800", "\U0001f600",
)  # fmt: skip
# Reads a file of ours, never a stranger's text.
TRUSTED = {"console.templatetags.shell"}


@dataclass(frozen=True)
class Use:
    """A pattern and one way it is used: `search`, `match`, `fullmatch`, `sub`, …"""

    where: str
    pattern: re.Pattern[str]
    method: str

    def __str__(self) -> str:
        return f"{self.where}: {self.method} {self.pattern.pattern[:40]!r}"

    def run(self, text: str) -> None:
        if self.method in {"match", "fullmatch"}:
            getattr(self.pattern, self.method)(text)
        else:
            for _ in self.pattern.finditer(text):
                pass


def modules() -> Iterator[ModuleType]:
    for package in (console, accounts):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and found.name not in TRUSTED:
                yield importlib.import_module(found.name)


def compiled(module: ModuleType) -> Iterator[Use]:
    """Patterns with a name; how each is used stands wherever the name is followed by a dot."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            for method in set(re.findall(rf"\b{name}\.(\w+)\(", source)) or {"search"}:
                yield Use(f"{module.__name__}.{name}", value, method)


def inline(module: ModuleType) -> Iterator[Use]:
    """`re.fullmatch("…", text)` and the like; parts that vary stand for a word."""
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
        function = getattr(node, "func", None)
        if isinstance(node, ast.Call) and isinstance(function, ast.Attribute) and ast.unparse(function.value) == "re":
            text = literal(node.args[0]) if function.attr not in {"compile", "escape"} else ""
            if text:
                yield Use(f"{module.__name__}:{node.lineno}", re.compile(text), function.attr)


def literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(literal(part) if isinstance(part, ast.Constant) else "word" for part in parts)


def addresses(resolver: URLResolver, where: str = "urls") -> Iterator[Use]:
    for entry in resolver.url_patterns:
        yield Use(f"{where} {entry.pattern}", entry.pattern.regex, "search")
        if isinstance(entry, URLResolver):
            yield from addresses(entry, f"{where} {entry.pattern}")


def validators(module: ModuleType) -> Iterator[Use]:
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, forms.BaseForm):
            for field_name, field in getattr(value, "base_fields", {}).items():
                for check in field.validators:
                    where = f"{module.__name__}.{name}.{field_name}"
                    if isinstance(check, RegexValidator):
                        yield Use(where, re.compile(check.regex), "search")
                    elif isinstance(check, EmailValidator):
                        yield from (
                            Use(where, re.compile(one), "match") for one in (check.user_regex, check.domain_regex)
                        )


def uses() -> list[Use]:
    found = [use for module in modules() for read in (compiled, inline, validators) for use in read(module)]
    found += addresses(get_resolver())
    repeating = [use for use in found if re.search(r"[*+}]", use.pattern.pattern)]
    return sorted({(use.pattern, use.method): use for use in repeating}.values(), key=str)


def hostile(pattern: str) -> Iterator[str]:
    """What is repeated: single characters, and the pattern's own words with what could stand between them."""
    words = sorted(set(re.findall(r"[A-Za-z0-9%-]{2,}", pattern)), key=len)[-12:]
    yield from PIECES
    yield from (f"{word}{piece}" for word in words for piece in ("", "?", " ", "-", ".", ":", '"', "_", "=", "/"))


def slow(run: Callable[[str], object], unit: str) -> str:
    """Says at what length it took too long: each length is four times the one before, time squared sixteen times."""
    before = NOTICED / MOST_GROWTH
    for length in LENGTHS:
        text = (unit * (length // len(unit)))[:length] + "\x01"
        took = min(seconds(run, text), seconds(run, text)) if (once := seconds(run, text)) > NOTICED else once
        if took > max(NOTICED, before * MOST_GROWTH):
            return f"{took:.2f} s for {length} characters of {unit!r}"
        before = took
    return ""


def seconds(run: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began


def test_the_patterns_of_the_code_base_are_found() -> None:
    found = {use.where for use in uses()}
    assert {
        "console.common.redaction._QUERY",
        "console.common.redaction._NAMED",
        "console.audit.csv_export.BEGINNING",
    } & found
    assert any(where.startswith("console.middleware:") for where in found)
    assert any(where.startswith("urls") for where in found)
    assert any(".email" in where for where in found)


def test_a_pattern_takes_time_that_grows_with_the_text_and_not_with_its_square() -> None:
    assert [
        f"{use}: {said}" for use in uses() for unit in hostile(use.pattern.pattern) if (said := slow(use.run, unit))
    ] == []


@pytest.mark.parametrize(
    "mask", [redaction.hide, redaction.mask, lambda text: redaction.mask_vendor_text(text, "avk_live_4f2a")]
)
def test_masking_a_whole_text_takes_time_that_grows_with_it(mask: Callable[[str], str]) -> None:
    words = (
        "avk_",
        "eyJ",
        "eyJa.",
        "bearer ",
        "token=",
        "secret: ",
        "-----BEGIN PRIVATE KEY-----",
        "/join/",
        "%2fjoin",
    )
    units = [*PIECES, *words, *(f"{word}{piece}" for word in words for piece in ("-", "?", " ", '"', "&token"))]
    assert [said for unit in units if (said := slow(mask, unit))] == []
