// The viewer of a gallery (dialog[data-viewer]): a press on a tile's [data-open] shows the item large, with its details. What it
// shows stands in the tile's template, so turning to the next item asks nobody; at the end it presses [data-more] for more.

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

export function start(dialog) {
  if (dialog.dataset.started) return;
  dialog.dataset.started = "yes";
  const [stage, side, name, position, page] = ["stage", "side", "name", "position", "page"].map((part) => dialog.querySelector(`[data-${part}]`));
  let tile;
  let zoom = 1;
  let fitted = 0;

  const links = () => [...document.querySelectorAll("[data-tile] a[data-open]")];
  const more = () => document.querySelector("a[data-more]");

  function show(link) {
    tile = link.closest("[data-tile]");
    const content = tile.querySelector("template").content.cloneNode(true);
    stage.replaceChildren(...content.querySelector("[data-large]").childNodes);
    side.replaceChildren(...content.querySelector("[data-details]").childNodes);
    for (const part of [stage, side]) window.htmx.process(part), window.htmx.trigger(part, "htmx:load", { elt: part });
    side.scrollTop = 0;
    resize(1);
    const all = links();
    const at = all.indexOf(link);
    name.textContent = link.textContent;
    position.textContent = `${at + 1} of ${all.length}${more() ? " loaded" : ""}`;
    page.href = link.href;
    disable("-1", at === 0);
    disable("1", at === all.length - 1 && !more());
  }

  function disable(step, off) {
    dialog.querySelector(`[data-turn="${step}"]`).setAttribute("aria-disabled", off);
  }

  function turn(step) {
    const all = links();
    const at = all.indexOf(tile.querySelector("a[data-open]"));
    if (all[at + step]) return show(all[at + step]);
    if (step < 0 || !more()) return undefined;
    document.body.addEventListener("htmx:afterSettle", () => {
      const next = links()[at + 1];
      if (next && dialog.open) show(next);
    }, { once: true });
    return more().click();
  }

  // The point under the pointer stays where it is; without one, the middle of the stage does.
  function resize(to, point) {
    const picture = stage.querySelector("img");
    if (!picture) return;
    if (zoom === 1) fitted = picture.getBoundingClientRect().width;
    const frame = stage.getBoundingClientRect();
    const { x, y } = point ?? { x: frame.left + frame.width / 2, y: frame.top + frame.height / 2 };
    const before = picture.getBoundingClientRect();
    zoom = to;
    stage.classList.toggle("is-zoomed", zoom > 1);
    picture.style.inlineSize = zoom > 1 ? `${fitted * zoom}px` : "";
    const after = picture.getBoundingClientRect();
    stage.scrollLeft += after.left + ((x - before.left) / before.width) * after.width - x;
    stage.scrollTop += after.top + ((y - before.top) / before.height) * after.height - y;
  }

  function step(direction, point) {
    const at = ZOOMS.indexOf(zoom) + direction;
    resize(direction === 0 ? 1 : ZOOMS[Math.min(Math.max(at, 0), ZOOMS.length - 1)], point);
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
    zoom = 1;
    tile?.querySelector("a[data-open]")?.focus();
    tile?.scrollIntoView({ block: "nearest" });
  });
}
