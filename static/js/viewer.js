// The viewer of a gallery (dialog[data-viewer]): a press on a tile's [data-open] shows the item large, with its details. What
// it shows stands in the tile's template, so turning to the next item asks nobody; at the end it presses [data-more].

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

const dialog = document.querySelector("dialog[data-viewer]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const stage = part("stage");
const side = part("side");
const links = () => [...document.querySelectorAll("[data-tile] a[data-open]")];
const more = () => document.querySelector("a[data-more]");

let shown;
let zoom = 1;
let fitted = 0;

function show(link) {
  shown = link;
  const content = link.closest("[data-tile]").querySelector("template").content.cloneNode(true);
  fill(stage, content.querySelector("[data-large]"));
  fill(side, content.querySelector("[data-details]"));
  zoom = 1;
  stage.classList.remove("is-zoomed");
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

// The point under the pointer stays where it is; without one, the middle of the stage does.
function resize(to, point) {
  const picture = stage.querySelector("img");
  if (!picture) return;
  const before = picture.getBoundingClientRect();
  if (zoom === 1) fitted = before.width;
  const frame = stage.getBoundingClientRect();
  const { x, y } = point ?? { x: frame.left + frame.width / 2, y: frame.top + frame.height / 2 };
  zoom = to;
  stage.classList.toggle("is-zoomed", zoom > 1);
  picture.style.inlineSize = zoom > 1 ? `${fitted * zoom}px` : "";
  const after = picture.getBoundingClientRect();
  stage.scrollLeft += after.left + ((x - before.left) / before.width) * after.width - x;
  stage.scrollTop += after.top + ((y - before.top) / before.height) * after.height - y;
}

function step(direction) {
  const at = Math.min(Math.max(ZOOMS.indexOf(zoom) + direction, 0), ZOOMS.length - 1);
  resize(direction === 0 ? 1 : ZOOMS[at]);
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
  const button = event.target.closest("[data-turn], [data-zoom]");
  if (button?.dataset.turn) turn(Number(button.dataset.turn));
  else if (button) step(Number(button.dataset.zoom));
  else if (event.target.matches("[data-stage] img")) resize(zoom > 1 ? 1 : 3, { x: event.clientX, y: event.clientY });
});

// Arrows turn; in an enlarged picture they move it, which the browser does by itself.
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moving = zoom > 1 && event.target === stage;
  if (event.key === "ArrowLeft" && !moving) turn(-1);
  else if (event.key === "ArrowRight" && !moving) turn(1);
  else if (event.key === "+" || event.key === "=") step(1);
  else if (event.key === "-") step(-1);
  else if (event.key === "0") step(0);
  else return;
  event.preventDefault();
});

dialog.addEventListener("close", () => {
  stage.replaceChildren();
  side.replaceChildren();
  shown.focus();
  shown.scrollIntoView({ block: "nearest" });
});
