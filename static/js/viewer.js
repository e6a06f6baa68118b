// The viewer of a gallery (dialog[data-viewer]): a press on a tile's [data-open] shows the item large, with its details. What
// it shows stands in the tile's template, so turning to the next item asks nobody; at the end it presses [data-more].

import { start } from "./stage.js";

const dialog = document.querySelector("dialog[data-viewer]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const stage = part("zoom-view");
const side = part("side");
const zoom = start(stage);
const links = () => [...document.querySelectorAll("[data-tile] a[data-open]")];
const more = () => document.querySelector("a[data-more]");

let shown;

function show(link) {
  shown = link;
  const content = link.closest("[data-tile]").querySelector("template").content.cloneNode(true);
  fill(part("picture-place"), content.querySelector("[data-large]"));
  fill(side, content.querySelector("[data-details]"));
  zoom.to(1);
  const all = links();
  const at = all.indexOf(link);
  part("name").textContent = link.textContent;
  part("position").textContent = `${at + 1} of ${all.length}${more() ? " so far" : ""}`;
  part("page").href = link.href;
  part('turn="-1"').setAttribute("aria-disabled", at === 0);
  part('turn="1"').setAttribute("aria-disabled", at === all.length - 1 && !more());
}

function fill(place, content) {
  place.replaceChildren(...content.childNodes);
  place.scrollTo(0, 0);
  window.htmx.process(place);
  window.htmx.trigger(place, "htmx:load", { elt: place });
}

function turn(step) {
  const from = shown;
  const at = links().indexOf(from) + step;
  if (links()[at]) show(links()[at]);
  else if (step > 0 && more()) {
    // Other things settle too, such as a poll: this waits for its own.
    const arrived = () => {
      if (dialog.open && shown === from && !links()[at]) return;
      document.body.removeEventListener("htmx:afterSettle", arrived);
      if (dialog.open && shown === from) show(links()[at]);
    };
    document.body.addEventListener("htmx:afterSettle", arrived);
    more().click();
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-tile] a[data-open]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link);
  dialog.showModal();
  stage.focus();
});

dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-turn]");
  if (button) turn(Number(button.dataset.turn));
});

// Arrows turn; in an enlarged picture they move it (stage.js).
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moving = zoom.isZoomed && event.target === stage;
  if (event.key === "ArrowLeft" && !moving) turn(-1);
  else if (event.key === "ArrowRight" && !moving) turn(1);
  else return;
  event.preventDefault();
});

dialog.addEventListener("close", () => {
  part("picture-place").replaceChildren();
  side.replaceChildren();
  shown.focus();
  shown.scrollIntoView({ block: "nearest" });
});
