"""Rules that hold for every template and script, read from the files themselves."""

import re
from pathlib import Path

import pytest

from console.common.glossary import TERMS
from console.templatetags.shell import shapes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))

FORBIDDEN = {
    "an inline style": r"<style|\sstyle=",
    "an inline handler": r"\son[a-z]+=[\"']",
    "htmx code in an attribute": r"hx-on|hx-vals=.js:|hx-trigger=\"(?:[^\"]*,)?\s*[\w:.-]+\[",
    "unescaped text": r"\|\s*safe\b|autoescape off",
    "a link that runs": r"javascript:",
    "a script from elsewhere": r"<(script|link)[^>]+(src|href)=[\"'](https?:)?//",
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_template_holds(rule: str) -> None:
    found = [path.name for path in TEMPLATES if re.search(FORBIDDEN[rule], path.read_text(encoding="utf-8"))]
    assert found == []


def test_lines_of_templates_outside_exports_fit_a_screen() -> None:
    lines = [
        f"{path.name}:{number}"
        for path in TEMPLATES
        if "exports" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ]
    assert lines == []


def test_every_script_element_names_a_file() -> None:
    for path in TEMPLATES:
        for tag in re.findall(r"<script[^>]*>", path.read_text(encoding="utf-8")):
            assert "src=" in tag or 'type="application/json"' in tag, path


def test_every_icon_that_a_template_names_exists() -> None:
    named = re.compile(r"""\{% icon ["']([^"']+)["']|\bicon(?:_name)?=["']([^"']+)["']""")
    wanted = {one or other for path in TEMPLATES for one, other in named.findall(path.read_text(encoding="utf-8"))}
    assert wanted - shapes().keys() == set()


def test_every_word_that_a_template_explains_is_in_the_vocabulary() -> None:
    named = re.compile(r"""\{% term ["']([^"']+)["']""")
    wanted = {word for path in TEMPLATES for word in named.findall(path.read_text(encoding="utf-8"))}
    assert wanted - TERMS.keys() == set()


def test_colours_are_named_in_one_place() -> None:
    for path in STYLES:
        if path.name != "tokens.css":
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\brgba?\(|\bhsla?\(", path.read_text()), path


def test_every_token_that_a_style_sheet_uses_is_declared_or_set_by_a_script() -> None:
    texts = [path.read_text(encoding="utf-8") for path in STYLES]
    scripts = [path.read_text(encoding="utf-8") for path in SCRIPTS]
    declared = {name for text in texts for name in re.findall(r"(--[a-z0-9-]+)\s*:", text)}
    declared |= {name for text in scripts for name in re.findall(r'setProperty\("(--[a-z0-9-]+)"', text)}
    used = {name for text in texts for name in re.findall(r"var\((--[a-z0-9-]+)", text)}
    assert used - declared == set()


def test_no_script_runs_text_or_writes_markup() -> None:
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write", text
        ), path
        assert text.startswith("//"), f"{path.name} does not say what it is for"


def test_no_vendored_file_asks_for_a_source_map() -> None:
    for path in (ROOT / "static" / "vendor").glob("*.js"):
        assert "sourceMappingURL" not in path.read_text(encoding="utf-8")
