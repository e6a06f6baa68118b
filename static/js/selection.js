// Selecting things of a list, whether they are tiles or rows: click, Shift range, `x` and Shift+`x` on a row, arrows among
// tiles, the whole page. The form [data-selection] has the boxes (inputs named "item", wherever they stand) and sends only
// what changed, so that a selection of thousands costs no more than one of three; the server keeps it and answers with the
// words in the form's hx-target. A box's value is an id, with what was seen of it behind a colon.

import { announce } from "./announce.js";
import { rangeBetween } from "./range-selection.js";

const CHANGED = new BroadcastChannel("selection");

let form = null;
let on = new Map();
let off = new Map();
let sent = null;
let command = null;
let asks = false;
let leaves = false;
let hadFocus = false;
let anchor = null;
let shift = false;

// Not `form.action`: buttons of that name hide it.
const addressOf = (some) => some?.getAttribute("action");
const idOf = (box) => box.value.split(":")[0];
const boxes = () => [...form.elements].filter((field) => field.name === "item" && !field.disabled);
const words = () => document.querySelector(form.getAttribute("hx-target"));
const tiles = () => form.querySelector("[data-tiles]");
const pageBox = () => document.querySelector("[data-select-page]");

// Again after every swap that brought the form anew: what was ticked and not sent yet is ticked in it.
export function start(found) {
  if (found === form) return;
  const isSameList = addressOf(form) === addressOf(found);
  form = found;
  if (!isSameList) [on, off, sent, command] = [new Map(), new Map(), null, null];
  anchor = null;
  listen();
  if (tiles()) roam(boxes()[0]);
  if (isSameList) reapply();
  else broughtBack();
  tickedEarly();
  showPage();
}

function listen() {
  form.addEventListener("click", press);
  form.addEventListener("formdata", fill);
  form.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaves = true; });
  form.addEventListener("htmx:beforeSend", ({ target }) => { if (target === form) begin(); });
  form.addEventListener("htmx:afterRequest", ({ target, detail }) => { if (target === form) end(detail.xhr); });
  form.addEventListener("htmx:beforeSwap", () => { hadFocus = words().contains(document.activeElement); });
  form.addEventListener("htmx:afterSwap", answered);
  const grid = tiles();
  if (!grid) return;
  grid.addEventListener("keydown", (event) => {
    if (event.target.name === "item" && !event.ctrlKey && !event.metaKey && !event.altKey) arrow(event, event.target);
  });
  grid.addEventListener("htmx:afterSwap", () => { if (!boxes().some((box) => box.tabIndex === 0)) roam(boxes()[0]); });
  grid.addEventListener("htmx:load", () => roam(boxes().find((box) => box === document.activeElement || box.tabIndex === 0)));
}

// Ticking

function mark(box, checked) {
  if (box.checked !== checked) box.checked = checked;
  const [add, drop] = checked ? [on, off] : [off, on];
  drop.delete(idOf(box));
  add.set(idOf(box), box.value);
}

const ticked = () => boxes().filter((box) => box.checked).length;

function count(more) {
  const place = words();
  place.dataset.count = Number(place.dataset.count) + more;
  const figure = place.querySelector("[data-number]");
  if (figure) figure.textContent = Number(place.dataset.count).toLocaleString("en");
}

function change(some, checked) {
  const before = ticked();
  some.forEach((box) => mark(box, checked));
  changed(before);
}

function changed(before) {
  count(ticked() - before);
  showPage();
  waiting();
  form.dispatchEvent(new Event("picked"));
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.form === form || target.closest?.("label")?.control?.form === form) shift = shiftKey;
}, true);

document.addEventListener("change", ({ target }) => {
  if (!form) return;
  if (target.matches("[data-select-page]")) change(boxes(), target.checked);
  if (target.form !== form || target.name !== "item") return;
  const before = ticked() - (target.checked ? 1 : -1);
  const some = shift ? rangeBetween(boxes(), anchor, target) : [target];
  some.forEach((box) => mark(box, target.checked));
  if (!shift) anchor = target;
  if (tiles()) roam(target);
  changed(before);
});

// The row that has the focus; Shift+x from the last one that was ticked to it.
document.addEventListener("single-key", (event) => {
  if (!form?.isConnected || tiles() || !["x", "X"].includes(event.detail)) return;
  event.preventDefault();
  const box = document.activeElement.closest("[data-row]")?.querySelector("input[name=item]");
  if (!box) announce("Move to a row first: j is the next one.");
  else if (box.disabled) announce("All matching work items are selected. Clear the selection to pick single ones.");
  else if (event.detail === "X") change(rangeBetween(boxes(), anchor, box), true);
  else {
    anchor = box;
    change([box], !box.checked);
  }
  if (box && !box.disabled) announce(`${box.checked ? "Selected" : "Deselected"}, ${words().dataset.count} in total.`);
});

function press(event) {
  const button = event.target.closest("button");
  const pick = button?.dataset.pick ?? { page: "all", none: "none" }[button?.name === "do" && button.value];
  if (pick) {
    event.preventDefault();
    change(boxes(), pick === "all");
  } else if (button?.name === "do" && ["all", "clear"].includes(button.value) && !tiles()) {
    event.preventDefault();
    tell(button.value);
  }
}

// A choice that is not of single boxes: what was ticked before it does not count any more. It is about the list it was made
// in, also where another one has been swapped in before it is sent.
function tell(what) {
  [on, off] = [new Map(), new Map()];
  command = { what, list: form.elements.list.value };
  asks = true;
  waiting();
  form.dispatchEvent(new Event("commanded"));
}

// The box of the whole page, in the head of a table.
function showPage() {
  const head = pageBox();
  if (!head) return;
  const [all, some] = [boxes().length, ticked()];
  head.disabled = !all;
  head.checked = all > 0 ? some === all : words().dataset.mode === "all";
  head.indeterminate = some > 0 && some < all;
}

// Tiles: one stop for Tab in the whole grid; arrows move within it.

function roam(to) {
  boxes().forEach((box) => { box.tabIndex = box === to ? 0 : -1; });
}

function columns() {
  const all = boxes().map((box) => box.closest("li").offsetTop);
  const second = all.findIndex((top) => top !== all[0]);
  return second < 0 ? all.length : second;
}

function arrow(event, box) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -Infinity, End: Infinity };
  const all = boxes();
  if (!(event.key in steps)) return;
  event.preventDefault();
  const place = Math.min(Math.max(all.indexOf(box) + steps[event.key], 0), all.length - 1);
  const to = all[place];
  if (event.shiftKey) {
    anchor ??= box;
    change(rangeBetween(all, anchor, to), true);
  } else anchor = to;
  roam(to);
  to.focus();
}

// What is ticked and not saved

// Ticked before signing in again: shown as ticked, and not yet saved.
function broughtBack() {
  const { unsavedOn = "", unsavedOff = "" } = form.dataset;
  for (const [values, text] of [[on, unsavedOn], [off, unsavedOff]]) {
    for (const value of text.split(",").filter(Boolean)) values.set(value.split(":")[0], value);
  }
  if (on.size || off.size) soon();
}

// Ticked before this was here.
function tickedEarly() {
  const early = boxes().filter((box) => box.checked !== box.defaultChecked && !on.has(idOf(box)) && !off.has(idOf(box)));
  if (!early.length) return;
  count(early.reduce((sum, box) => sum + (box.checked ? 1 : -1), 0));
  early.forEach((box) => mark(box, box.checked));
  anchor = early.at(-1);
  soon();
}

// Once htmx knows the form too, and sends it.
function soon() {
  waiting();
  setTimeout(() => form.dispatchEvent(new Event("picked")));
}

function reapply() {
  for (const box of boxes()) {
    const state = [on, off, sent?.on, sent?.off].findIndex((some) => some?.has(idOf(box)));
    if (state >= 0) box.checked = state % 2 === 0;
  }
  takeBack();
  command ??= sent?.command;
  sent = null;
  // The new page can have been made before the server had the last change.
  asks = true;
  soon();
}

// Sending: the change alone, never thousands of boxes. What is still on its way goes once more with a form that leaves.
function fill({ formData }) {
  const earlier = command ? null : sent;
  const all = [new Map([...(earlier?.on ?? []), ...on]), new Map([...(earlier?.off ?? []), ...off])];
  for (const id of off.keys()) all[0].delete(id);
  for (const id of on.keys()) all[1].delete(id);
  for (const name of ["item", "was"]) formData.delete(name);
  if (!asks) formData.delete("shown");
  if (command) formData.set("do", command.what);
  if (command) formData.set("list", command.list);
  formData.set("on", [...all[0].values()].join());
  formData.set("off", [...all[1].values()].join());
}

function begin() {
  sent = { on, off, command };
  [on, off, command, asks] = [new Map(), new Map(), null, false];
}

// Not kept: it goes along with the next change, unless it was taken back meanwhile. Refused (too many): as it was before.
function end({ status }) {
  if (status === 422) undo();
  // Not `detail.successful`: to htmx every answer counts as good, because ours says itself what went wrong.
  else if (status < 200 || status >= 400) takeBack();
  else if (sent?.on.size || sent?.off.size || sent?.command) CHANGED.postMessage(addressOf(form));
  sent = null;
  showPage();
  if (on.size || off.size) waiting();
}

function undo() {
  for (const box of boxes()) {
    if (sent?.on.has(idOf(box))) box.checked = false;
    if (sent?.off.has(idOf(box))) box.checked = true;
  }
}

// Said until the server has it; its answer brings the other words back.
function waiting() {
  const kept = words().querySelector("[data-kept]");
  if (kept) kept.textContent = kept.dataset.kept || " being kept…";
}

function takeBack() {
  if (command) return;
  sent?.on.forEach((value, id) => { if (!off.has(id)) on.set(id, value); });
  sent?.off.forEach((value, id) => { if (!on.has(id)) off.set(id, value); });
}

// The answer says how the boxes stand, where that can have changed otherwise than by ticking here.
function answered({ target }) {
  const place = words();
  const { mode, selected } = place?.dataset ?? {};
  if (!mode || target !== place && !place.contains(target)) return;
  const ids = new Set((selected ?? "").split(","));
  for (const box of [...form.elements].filter((field) => field.name === "item")) {
    box.disabled = mode !== "ticked";
    const isPending = on.has(idOf(box)) || off.has(idOf(box));
    if (box.disabled) box.checked = mode === "all";
    else if (selected !== undefined && !isPending) box.checked = ids.has(idOf(box));
  }
  showPage();
  if (hadFocus && document.activeElement === document.body) place.focus({ preventScroll: true });
}

// Another tab changed it, or can have while this one was not looked at.
function look() {
  if (!form?.isConnected || tiles() || document.hidden) return;
  asks = true;
  form.dispatchEvent(new Event("commanded"));
}

CHANGED.addEventListener("message", ({ data }) => { if (form && data === addressOf(form)) look(); });
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", ({ persisted }) => { if (persisted) look(); });

// Leaving: what was not sent goes now, ahead of the next page; what is still on its way goes once more and says the same.
function leave() {
  if (!form) return;
  if (!leaves) {
    takeBack();
    if (on.size || off.size || command) navigator.sendBeacon(addressOf(form), new FormData(form));
  }
  [on, off, sent] = [new Map(), new Map(), null];
}

for (const name of ["beforeunload", "pagehide"]) window.addEventListener(name, leave);
