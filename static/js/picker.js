// Choosing items: click, Shift range, arrows, Shift+arrows, all shown. Only what changed is sent, so a choice of thousands
// costs no more than one of three; the server keeps the choice and says the count.

const form = document.querySelector("[data-picker]");
const tiles = document.getElementById("picker-tiles");
let on = new Set();
let off = new Set();
let sent = null;
let anchor = null;
let shift = false;

const boxes = () => [...tiles.querySelectorAll("input[name=item]")];

function mark(box, checked) {
  if (box.checked !== checked) box.checked = checked;
  const [add, drop] = checked ? [on, off] : [off, on];
  drop.delete(box.value);
  add.add(box.value);
}

// Between two boxes, both included, in the order they are shown.
function range(from, to) {
  const all = boxes();
  const [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  return first < 0 ? [to] : all.slice(first, last + 1);
}

function changed(before) {
  const count = document.getElementById("picker-count");
  count.dataset.count = Number(count.dataset.count) + boxes().filter((box) => box.checked).length - before;
  count.querySelector("[data-number]").textContent = Number(count.dataset.count).toLocaleString("en");
  waiting();
  form.dispatchEvent(new Event("picked"));
}

function change(some, checked) {
  const before = boxes().filter((box) => box.checked).length;
  some.forEach((box) => mark(box, checked));
  changed(before);
}

// One stop for Tab in the whole grid; arrows move within it.
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
    change(range(anchor, to), true);
  } else anchor = to;
  roam(to);
  to.focus();
}

function begin() {
  roam(boxes()[0]);
  typedBefore();
  chosenBefore();
  tiles.addEventListener("click", (event) => { shift = event.shiftKey; }, true);
  tiles.addEventListener("change", ({ target }) => {
    const before = boxes().filter((box) => box.checked).length - (target.checked ? 1 : -1);
    const some = shift && anchor?.isConnected ? range(anchor, target) : [target];
    some.forEach((box) => mark(box, target.checked));
    if (!shift) anchor = target;
    roam(target);
    changed(before);
  });
  tiles.addEventListener("keydown", (event) => {
    if (event.target.name === "item" && !event.ctrlKey && !event.metaKey && !event.altKey) arrow(event, event.target);
  });
  tiles.addEventListener("htmx:afterSwap", () => { if (!boxes().some((box) => box.tabIndex === 0)) roam(boxes()[0]); });
  tiles.addEventListener("htmx:load", () => roam(boxes().find((box) => box === document.activeElement || box.tabIndex === 0)));
}

// Picked before signing in again: shown as picked, and not yet in the draft.
function typedBefore() {
  const { unsavedOn = "", unsavedOff = "" } = form.dataset;
  on = new Set(unsavedOn.split(",").filter(Boolean));
  off = new Set(unsavedOff.split(",").filter(Boolean));
  if (!on.size && !off.size) return;
  waiting();
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => form.dispatchEvent(new Event("picked"))), { once: true });
}

// Ticked before this was here.
function chosenBefore() {
  const early = boxes().filter((box) => box.checked !== box.defaultChecked);
  if (!early.length) return;
  const before = boxes().filter((box) => box.defaultChecked).length;
  early.forEach((box) => mark(box, box.checked));
  // Once htmx is there too, which sends it.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => changed(before)), { once: true });
}

form?.addEventListener("click", (event) => {
  const pick = event.target.closest("[data-pick]")?.dataset.pick;
  if (!pick || !tiles) return;
  event.preventDefault();
  change(boxes(), pick === "all");
});

// Whatever sends the form, htmx or a button, sends the change alone: never thousands of boxes.
form?.addEventListener("formdata", ({ formData }) => {
  formData.delete("item");
  formData.delete("shown");
  formData.set("on", [...on].join());
  formData.set("off", [...off].join());
});

form?.addEventListener("htmx:beforeSend", ({ target }) => {
  if (target !== form) return;
  sent = { on, off };
  [on, off] = [new Set(), new Set()];
});

// Not kept: it goes along with the next change, unless it was taken back meanwhile. Refused (too many): unticked again.
form?.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (target !== form) return;
  if (detail.xhr.status === 422) boxes().filter((box) => sent?.on.has(box.value)).forEach((box) => { box.checked = false; });
  // Not `detail.successful`: to htmx every answer counts as good, because ours says itself what went wrong.
  else if (detail.xhr.status < 200 || detail.xhr.status >= 400) takeBack();
  sent = null;
  if (on.size || off.size) waiting();
});

// Said until the server has it; its answer brings the other words back.
function waiting() {
  document.querySelector("#picker-count [data-kept]").textContent = " being kept…";
}

function takeBack() {
  sent?.on.forEach((uid) => { if (!off.has(uid)) on.add(uid); });
  sent?.off.forEach((uid) => { if (!on.has(uid)) off.add(uid); });
}

// Leaving: what was not sent goes now, ahead of the next page; what is still on its way goes once more and says the same.
function leave() {
  takeBack();
  if (form && (on.size || off.size)) navigator.sendBeacon(form.action, new FormData(form));
  [on, off, sent] = [new Set(), new Set(), null];
}

for (const name of ["beforeunload", "pagehide"]) window.addEventListener(name, leave);

if (tiles) begin();
