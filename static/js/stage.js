// Enlarges and moves what stands in [data-zoom-view]: by buttons and keys, wheel and double click at the pointer, pinch and drag.
// Used by the picture of a work item and by the viewer of a slice. The picture always covers its view, so it cannot get lost.

import "../vendor/panzoom-4.6.2.min.js";
import { recall, remember } from "./stage-memory.js";

const STEPS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16];
const REST = 150;
const ARROW = 80;
const KEYS = { "+": 1, "=": 1, "-": -1, 0: 0 };
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const zooms = new WeakMap();

export function start(view) {
  // What left the page before this was loaded starts when it comes back.
  if (zooms.has(view) || !view.isConnected) return zooms.get(view);
  const zoom = new Zoom(view);
  zooms.set(view, zoom);
  zoom.fit();
  zoom.restore();
  return zoom;
}

class Zoom {
  constructor(view) {
    this.view = view;
    this.around = view.closest("[data-zoomable]");
    this.content = view.querySelector(".stage-content");
    this.remembers = "remember" in view.dataset;
    this.place = { scale: 1, x: 0, y: 0 };
    this.pointers = new Map();
    this.panzoom = window.Panzoom(this.content, {
      noBind: true, contain: "outside", minScale: 1, maxScale: STEPS.at(-1), cursor: "", touchAction: "pan-x pan-y",
      setTransform: () => this.draw(),
    });
    this.listen();
    // Panzoom moves to its own start after this. One that stands by unseen is arranged at once and hears of no size; one that has
    // no room yet gets its place when it is shown.
    setTimeout(() => {
      this.restore();
      new ResizeObserver(() => this.restore()).observe(view);
    });
  }

  listen() {
    this.view.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.view.addEventListener("pointerdown", (event) => this.press(event));
    this.view.addEventListener("dblclick", (event) => this.to(this.isZoomed ? 1 : 3, event));
    this.view.addEventListener("dragstart", (event) => event.preventDefault());
    this.view.addEventListener("load", () => this.fit(), true);
    this.around.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-zoom]");
      if (button) this.step(Number(button.dataset.zoom));
    });
    this.around.addEventListener("keydown", (event) => this.key(event));
    this.move = (event) => { this.panzoom.handleMove(event); this.draw(); this.note(); };
    this.release = (event) => this.end(event);
  }

  get scale() {
    return this.panzoom.getScale();
  }

  get isZoomed() {
    return this.scale > 1.001;
  }

  // The next round size above (1) or below (-1), or what fits (0).
  step(direction) {
    const bigger = STEPS.find((one) => one > this.scale * 1.01) ?? STEPS.at(-1);
    const smaller = STEPS.findLast((one) => one < this.scale * 0.99) ?? 1;
    this.to({ 1: bigger, "-1": smaller, 0: 1 }[direction]);
  }

  // The point under the pointer stays where it is; without one, the middle of the view does.
  to(scale, point) {
    if (point) this.panzoom.zoomToPoint(scale, point);
    else this.panzoom.zoom(scale);
    this.draw();
    this.note();
  }

  // Moves so that what lies at this box of the window is seen.
  reveal(box) {
    const seen = this.view.getBoundingClientRect();
    const by = (from, to, start, end) => (from >= start && to <= end ? 0 : (start + end) / 2 - (from + to) / 2);
    const x = by(box.left, box.right, seen.left, seen.right);
    const y = by(box.top, box.bottom, seen.top, seen.bottom);
    if (x || y) this.pan(x, y);
  }

  pan(x, y) {
    this.panzoom.pan(x / this.scale, y / this.scale, { relative: true });
    this.draw();
    this.note();
  }

  wheel(event) {
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const scale = this.scale * Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 80 : 250));
    // A picture that fits already lets the page scroll on.
    if (!event.ctrlKey && !this.isZoomed && scale <= 1) return;
    event.preventDefault();
    this.to(scale, event);
  }

  press(event) {
    if (event.button || event.target.closest("a, button")) return;
    if (!this.pointers.size) this.from = event;
    this.wasDragged = false;
    this.pointers.set(event.pointerId, event);
    this.panzoom.handleDown(event);
    if (this.pointers.size === 2) this.pinch();
    document.addEventListener("pointermove", this.move, { passive: true });
    document.addEventListener("pointerup", this.release);
    document.addEventListener("pointercancel", this.release);
  }

  // Panzoom adds `step` for each 80 pixels between the fingers; this makes the size follow their distance.
  pinch() {
    const [one, two] = [...this.pointers.values()];
    const apart = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    this.panzoom.setOptions({ step: (80 * this.scale) / Math.max(apart, 20) });
  }

  end(event) {
    this.wasDragged = this.pointers.size > 1 || Math.hypot(event.clientX - this.from.clientX, event.clientY - this.from.clientY) > 4;
    this.panzoom.handleUp(event);
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) return;
    document.removeEventListener("pointermove", this.move);
    document.removeEventListener("pointerup", this.release);
    document.removeEventListener("pointercancel", this.release);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const arrow = this.isZoomed && event.target === this.view && ARROWS[event.key];
    if (arrow) this.pan(arrow[0] * ARROW, arrow[1] * ARROW);
    else if (event.key in KEYS) this.step(KEYS[event.key]);
    else return;
    event.preventDefault();
  }

  draw() {
    const { x, y } = this.panzoom.getPan();
    const transform = this.isZoomed ? `scale(${this.scale}) translate(${x}px, ${y}px)` : "";
    if (this.content.style.transform === transform) return;
    this.content.style.transform = transform;
    this.content.classList.add("is-moving");
    this.view.classList.add("is-moving");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
    const words = this.around.querySelector("[data-zoom-scale]")?.firstChild;
    if (words) words.data = `${Math.round(this.scale * 100)}%`;
  }

  // A layer of its own moves cheaply but is only drawn once: at rest everything is drawn sharply, with lines of their usual width.
  rest() {
    if (!this.content.clientWidth) return;
    this.content.classList.remove("is-moving");
    this.view.classList.remove("is-moving");
    this.tell("stage-rest");
    setTimeout(() => this.offer());
  }

  // Cursor and touch are inherited by each shape, a thousand styles: a task of its own, and only where it changes.
  offer() {
    if (this.view.classList.contains("is-zoomed") === this.isZoomed) return;
    this.view.classList.toggle("is-zoomed", this.isZoomed);
    this.panzoom.setOptions({ touchAction: this.isZoomed ? "none" : "pan-x pan-y" });
  }

  // With each step, so that no change of the size undoes it; measured at each change of the size alone.
  note() {
    if (!this.size) return;
    const { x, y } = this.panzoom.getPan();
    this.place = { scale: this.scale, x: x / this.size.width, y: y / this.size.height };
    if (this.remembers) remember({ zoom: this.place });
  }

  // As far enlarged and moved as before, whatever size the view has now.
  restore() {
    const { clientWidth: width, clientHeight: height } = this.content;
    if (!width) return;
    this.size = { width, height };
    const { scale, x, y } = this.remembers ? recall().zoom : this.place;
    this.panzoom.zoom(scale);
    this.draw();
    this.panzoom.pan(x * width, y * height);
    this.draw();
    this.rest();
  }

  // Only the picture itself knows its size; with it, a small one fills the view as well.
  fit() {
    const frame = this.view.querySelector("[data-stage-frame]");
    const picture = frame?.querySelector("img");
    if (!picture?.naturalWidth) return;
    frame.style.setProperty("--picture-ratio", picture.naturalWidth / picture.naturalHeight);
    frame.classList.add("is-fitted");
    this.tell("stage-picture");
  }

  tell(what) {
    this.view.dispatchEvent(new CustomEvent(what, { bubbles: true }));
  }
}

// The stage that is seen; in a review run the next one waits hidden beside it.
export const seen = () => [...document.querySelectorAll("[data-stage]")].find((stage) => stage.checkVisibility());

document.addEventListener("single-key", (event) => {
  const view = event.detail in KEYS && seen()?.querySelector("[data-zoom-view]");
  if (!view) return;
  start(view).step(KEYS[event.detail]);
  event.preventDefault();
});
