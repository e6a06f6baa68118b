// Labels on a picture: on and off, their opacity, classes shown and hidden, names at the shapes, and the row of the table that
// lights up together with its shape. What is set holds for every picture of the page and for the next one.

import { place } from "./stage-names.js";
import { recall, remember } from "./stage-memory.js";
import { seen, start as zoomOf } from "./stage.js";

const DOUBLE = 500;
const PATTERN = 1.5;
const OPACITY = { "[": -10, "]": 10 };

const stageOf = (element) => element.closest("[data-stage]");
const overlayOf = (item) => document.getElementById(`overlay-${item}`);
const labelsOf = (item) => document.querySelector(`[data-labels="${CSS.escape(item)}"]`);
const itemOf = (element) => stageOf(element)?.id.slice("stage-".length) ?? element.closest("[data-labels]")?.dataset.labels;

export function start(element) {
  const item = itemOf(element);
  if (item) apply(item);
}

function set(changes) {
  remember(changes);
  for (const overlay of document.querySelectorAll("[data-overlay]")) apply(itemOf(overlay));
}

function apply(item) {
  const overlay = overlayOf(item);
  const { labels, opacity } = recall();
  showClasses(item);
  if (!overlay?.matches("[data-overlay]")) return;
  overlay.classList.toggle("is-off", !labels);
  overlay.style.opacity = opacity / 100;
  const stage = stageOf(overlay);
  if (!stage) return;
  showControls(stage);
  compareSizes(stage, overlay);
  fitToZoom(stage, overlay);
}

function showClasses(item) {
  const hidden = new Set(recall().hidden);
  const boxes = [...(labelsOf(item)?.querySelectorAll("[data-class-shown]") ?? [])];
  for (const box of boxes) {
    box.checked = !hidden.has(box.dataset.className);
    overlayOf(item)?.querySelector(`[data-class="${box.dataset.classShown}"]`)?.classList.toggle("is-off", !box.checked);
  }
  const count = boxes.filter((box) => !box.checked).length;
  const ways = [labelsOf(item), overlayOf(item)?.closest("[data-stage]")].map((part) => part?.querySelector("[data-classes-all]"));
  for (const way of ways.filter(Boolean)) {
    way.hidden = count === 0;
    way.querySelector("[data-words]").textContent = `Show ${count} hidden ${count === 1 ? "class" : "classes"}`;
  }
}

function showControls(stage) {
  const { labels, names, opacity } = recall();
  stage.querySelector("[data-labels-controls]").hidden = false;
  stage.querySelector("[data-labels-on]").setAttribute("aria-pressed", labels);
  stage.querySelector("[data-names-on]").setAttribute("aria-pressed", names);
  stage.querySelector("[data-opacity]").value = opacity;
}

function compareSizes(stage, overlay) {
  const { naturalWidth, naturalHeight } = stage.querySelector("[data-stage-frame] img") ?? {};
  // Labels that don't say what size of picture they were made for are in the picture's own pixels.
  if (naturalWidth && overlay.matches("[data-fits-picture]")) overlay.setAttribute("viewBox", `0 0 ${naturalWidth} ${naturalHeight}`);
  const { width, height } = overlay.viewBox.baseVal;
  const differ = Boolean(naturalWidth) && (naturalWidth !== width || naturalHeight !== height);
  const note = stage.querySelector("[data-stage-sizes]");
  note.querySelector("[data-labels-size]").textContent = `${width} × ${height}`;
  note.querySelector("[data-picture-size]").textContent = `${naturalWidth} × ${naturalHeight}`;
  note.hidden = !differ;
}

// Adapts labels to the zoom: lines keep their width, patterns their size, names get new places. One task after the other, so that
// none blocks the pointer.
function fitToZoom(stage, overlay) {
  overlay.style.setProperty("--zoom", zoomOf(stage.querySelector("[data-zoom-view]")).scale);
  for (const [delay, task] of [scalePatterns, placeNames].entries()) soon(stage, delay, () => task(stage, overlay));
}

const waiting = new WeakMap();

function soon(stage, order, task) {
  const tasks = waiting.get(stage) ?? waiting.set(stage, []).get(stage);
  clearTimeout(tasks[order]);
  tasks[order] = setTimeout(task, 20 + 20 * order);
}

function scalePatterns(stage, overlay) {
  const { width, height } = overlay.getBoundingClientRect();
  if (!width) return;
  const { width: unitsWide, height: unitsHigh } = overlay.viewBox.baseVal;
  const scale = `scale(${(PATTERN * unitsWide) / width} ${(PATTERN * unitsHigh) / height})`;
  for (const look of overlay.querySelectorAll("[data-look]")) {
    if (look.getAttribute("patternTransform") !== scale) look.setAttribute("patternTransform", scale);
  }
}

function placeNames(stage, overlay) {
  const { labels, names } = recall();
  place(stage.querySelector("[data-stage-names]"), labels && names ? overlay : null);
}

for (const what of ["stage-rest", "stage-picture"]) {
  document.addEventListener(what, ({ target }) => {
    const overlay = target.querySelector("[data-overlay]");
    const stage = overlay && stageOf(overlay);
    if (!stage) return;
    compareSizes(stage, overlay);
    fitToZoom(stage, overlay);
  });
}

// Presses, boxes, keys

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-labels-on]")) set({ labels: !recall().labels });
  else if (target.closest("[data-names-on]")) set({ names: !recall().names });
  else if (target.closest("[data-classes-all]")) only(target, () => true);
  else if (target.closest("[data-class-only]")) only(target, ({ dataset }) => dataset.classShown === target.closest("[data-class-only]").dataset.classOnly);
  else if (target.closest("[data-label-link]")) visit(event);
  else if (event.detail === 1 && target.closest("[data-overlay] [data-shape]")) choose(event);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-class-shown]")) only(target, (box) => box.checked);
});

document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-opacity]")) set({ opacity: Number(target.value), labels: true });
});

document.addEventListener("single-key", (event) => {
  const controls = seen()?.querySelector("[data-labels-controls]:not([hidden])");
  if (!controls || (event.detail !== "o" && !(event.detail in OPACITY))) return;
  const { labels, opacity } = recall();
  if (event.detail === "o") set({ labels: !labels });
  else set({ opacity: Math.min(Math.max(opacity + OPACITY[event.detail], 10), 100), labels: true });
  event.preventDefault();
});

// Classes this picture does not have stay as they were.
function only(element, isShown) {
  const boxes = [...labelsOf(itemOf(element)).querySelectorAll("[data-class-shown]")];
  const here = new Set(boxes.map((box) => box.dataset.className));
  const hidden = boxes.filter((box) => !isShown(box)).map((box) => box.dataset.className);
  set({ hidden: [...recall().hidden.filter((name) => !here.has(name)), ...hidden] });
}

// A shape and its row

let lit = [];
const title = document.createElementNS("http://www.w3.org/2000/svg", "title");

function light(item, number) {
  const shape = overlayOf(item)?.querySelector(`[data-shape="${number}"]`);
  if (shape && shape === lit[0]) return;
  for (const element of lit) element.classList.remove("is-lit");
  const row = labelsOf(item)?.querySelector(`[data-label="${number}"]`);
  lit = number ? [shape, row].filter(Boolean) : [];
  for (const element of lit) element.classList.add("is-lit");
  title.remove();
  if (!shape) return;
  title.textContent = `${shape.closest("[data-class]").dataset.name} ${number}`;
  shape.ownerSVGElement.prepend(title);
}

function lightRow({ target }) {
  const row = target.closest?.("[data-labels] [data-label]");
  if (row) light(itemOf(row), row.dataset.label);
  else if (lit.length && !target.closest?.("[data-zoom-view]")) light();
}

document.addEventListener("pointerover", lightRow);
document.addEventListener("focusin", (event) => {
  lightRow(event);
  if (event.target.matches("[data-label-link]")) reveal(event.target);
});

let asked;
document.addEventListener("pointermove", (event) => {
  if (!event.target.closest?.("[data-zoom-view]") || event.buttons) return;
  cancelAnimationFrame(asked);
  asked = requestAnimationFrame(() => {
    const shape = smallest(event);
    light(shape && itemOf(shape), shape?.dataset.shape);
  });
});

// Of shapes that lie on each other, the smallest: a large one would hide those within.
function smallest({ clientX, clientY }) {
  const shapes = document.elementsFromPoint(clientX, clientY).map((one) => one.closest("[data-overlay] [data-shape]")).filter(Boolean);
  const size = (shape) => { const box = shape.getBBox(); return box.width * box.height; };
  return shapes.reduce((best, one) => (best && size(best) <= size(one) ? best : one), null);
}

function reveal(link) {
  const shape = document.getElementById(link.hash.slice(1));
  const view = shape?.closest("[data-zoom-view]");
  if (view) zoomOf(view).reveal(shape.getBoundingClientRect());
}

// The link works without script: it leads to the shape. Here the address stays as it is.
function visit(event) {
  event.preventDefault();
  const link = event.target.closest("[data-label-link]");
  document.getElementById(link.hash.slice(1))?.closest("[data-zoom-view]")?.scrollIntoView({ block: "nearest" });
  reveal(link);
}

// A click leads to the row; a double click zooms, and nothing may move meanwhile. A finger only lights up the shape: on a phone
// the row is far below the picture.
let pressed = 0;
document.addEventListener("pointerdown", () => { pressed += 1; });

function choose(event) {
  const shape = smallest(event);
  if (!shape || zoomOf(shape.closest("[data-zoom-view]")).wasDragged) return;
  light(itemOf(shape), shape.dataset.shape);
  if (event.pointerType === "touch") return;
  const press = pressed;
  setTimeout(() => { if (press === pressed) goToRow(shape); }, DOUBLE);
}

function goToRow(shape) {
  const row = labelsOf(itemOf(shape))?.querySelector(`[data-label="${shape.dataset.shape}"]`);
  const closed = row?.closest("details:not([open])");
  if (closed) closed.open = true;
  row?.querySelector("[data-label-link]").focus();
}
