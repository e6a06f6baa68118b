"""What the pages of files take in."""

from typing import Any

from django import forms

from console.files.paths import MOST_PATHS, PastedPaths, read_paths

MOST_NAMED = 20


class PathsForm(forms.Form):
    """Pasted paths. They are valid where at least one line is a path of the space; `pasted` names the others."""

    paths = forms.CharField(
        label="Paths",
        strip=False,
        widget=forms.Textarea({"rows": 10, "class": "input code", "spellcheck": "false", "autocomplete": "off"}),
        help_text=f"One per line, relative to the space or as s3:// address. Up to {MOST_PATHS:,}.",
        error_messages={"required": "Paste at least one path."},
    )

    def __init__(self, data: Any, *, space: str) -> None:
        super().__init__(data)
        self.space = space
        self.pasted = PastedPaths()
        # A line with NUL is named like any other bad line.
        self.fields["paths"].validators.clear()

    def clean_paths(self) -> str:
        text = str(self.cleaned_data["paths"])
        self.pasted = read_paths(self.space, text)
        if self.pasted.problem:
            raise forms.ValidationError([self.pasted.problem, *self._named()])
        return text

    def _named(self) -> list[str]:
        errors = self.pasted.errors
        named = [f"Line {error.line}: {error.message}" for error in errors[:MOST_NAMED]]
        more = self.pasted.error_count - len(named)
        return [*named, f"And {more:,} more lines."] if more > 0 else named
