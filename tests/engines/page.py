"""What a person does on a page, in any browser: press what has these words, fill a field by its label, drag, wait."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engines.drivers import Driver, Failed

SECONDS = 30.0
ENTER = "\ue007"
# Finds what a person sees: `find(kind, words)` gives the first visible element whose words are exactly these.
LOOK = """
const plain = (text) => (text ?? "").replace(/\\s+/g, " ").trim();
const isSeen = (element) => element.checkVisibility({visibilityProperty: true}) && element.getClientRects().length > 0;
const KINDS = {
  button: "button, summary, [role=button], input[type=submit]",
  link: "a[href]",
  field: "input, textarea, select",
};
const words = (element) => element.getAttribute("aria-label") ?? element.value ?? element.textContent;
const named = (element) => element.matches("input, textarea, select")
  ? [...element.labels].map((label) => label.textContent).concat(element.getAttribute("aria-label"))
  : [element.getAttribute("aria-label"), element.textContent];
const find = (kind, wanted) => [...document.querySelectorAll(KINDS[kind] ?? kind)].find((element) =>
  isSeen(element) && (!wanted || named(element).some((text) => plain(text) === wanted)));
const middle = (element) => {
  const box = element.getBoundingClientRect();
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
};
// Where a press meets the element, once it has stopped moving and nothing lies over it.
const centre = async (element) => {
  element.scrollIntoView({block: "center", behavior: "instant"});
  const before = middle(element);
  await new Promise((go) => setTimeout(go, 100));
  const now = middle(element);
  return String(now) === String(before) && element.contains(document.elementFromPoint(...now)) && now;
};
"""


class Page:
    def __init__(self, driver: Driver, site: str) -> None:
        self.driver, self.site = driver, site

    # Where one is

    def open(self, path: str) -> None:
        self.driver.open(self.site + path)

    @property
    def path(self) -> str:
        return str(self.ask("return location.pathname + location.search"))

    def ask(self, script: str, *arguments: Any) -> Any:
        """What a script returns, which can use `find`; for an element, whether it was there."""
        body = f"const found = await (async function () {{ {script} }}).apply(null, arguments);"
        return self.driver.run(f"{LOOK} {body} return found instanceof Element || found;", *arguments)

    def sees(self, text: str) -> bool:
        return bool(self.ask("return plain(document.body.innerText).includes(arguments[0])", text))

    def wait_for(self, text: str) -> None:
        self.until("return plain(document.body.innerText).includes(arguments[0])", text)

    def until(self, script: str, *arguments: Any) -> Any:
        """What the script returns as soon as that is something. A page that is just being left answers nothing."""
        end = time.monotonic() + SECONDS
        trouble: object = None
        while time.monotonic() < end:
            try:
                if found := self.ask(script, *arguments):
                    return found
            except Failed as error:
                trouble = error
            time.sleep(0.1)
        text = self.ask("return location.href + '\\n' + document.body.innerText")
        raise AssertionError(f"{script} {arguments} was not so in {SECONDS:.0f} s ({trouble}) on {text}")

    # What one does

    def press(self, kind: str, words: str = "") -> None:
        """`kind` is button, link, field or a selector."""
        self._press_at(self._centre_of(kind, words))

    def fill(self, label: str, text: str) -> None:
        self.press("field", label)
        self.ask("document.activeElement.select()")
        self.type(text)

    def type(self, text: str) -> None:
        pairs = [({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}) for key in text]
        self.driver.perform([{"type": "key", "id": "keys", "actions": [step for pair in pairs for step in pair]}])

    def drag(self, selector: str, onto: str) -> None:
        """In small steps, as a hand does it."""
        x, y = self._centre_of(selector)
        target = self.ask("const box = find(arguments[0]).getBoundingClientRect(); return box.y + 4", onto)
        steps = [round(y + (target - y) * part / 12) for part in range(1, 13)]
        self.driver.perform(
            [
                _mouse(
                    [
                        _move(x, y),
                        {"type": "pointerDown", "button": 0},
                        {"type": "pause", "duration": 150},
                        *[_move(x, step, 40) for step in steps],
                        {"type": "pause", "duration": 150},
                        {"type": "pointerUp", "button": 0},
                    ]
                )
            ]
        )

    def picture(self, path: Path) -> None:
        path.write_bytes(self.driver.picture())

    def _centre_of(self, kind: str, words: str = "") -> Sequence[int]:
        script = "const found = find(arguments[0], arguments[1]); return found && await centre(found)"
        place: Sequence[int] = self.until(script, kind, words)
        return place

    def _press_at(self, place: Sequence[int]) -> None:
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        self.driver.perform([_mouse([_move(*place), down, up])])


def _mouse(actions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}


def _move(x: int, y: int, duration: int = 0) -> dict[str, Any]:
    return {"type": "pointerMove", "x": x, "y": y, "duration": duration}
