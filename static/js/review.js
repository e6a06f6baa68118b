// A review run: after a decision the next item is shown at once, complete, because it stood ready and hidden in the page. What
// was decided goes on its way meanwhile; if that fails, the run comes back to its item. The address follows.

import { say } from "./say.js";
import { check, isAtEnd, passedOver, readOn, templateOf, templates } from "./review-ahead.js";

const LEFT_READY = 3;
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], dialog";
const OWN_ARROWS = "[data-zoom-view], [data-rows], input, summary";

const root = document.querySelector("[data-review]");
const steps = root.querySelector("[data-steps]");
const left = new Set();
const onTheWay = new Set();
const heading = document.title;

const find = (id) => steps.querySelector(`[data-step="${CSS.escape(id)}"]`);
const current = () => steps.querySelector("[data-step]:not([hidden])");
const place = (step) => Number(step.dataset.place);
const isOpen = (id) => !left.has(id);

// The step, ready in the page and hidden, if it can be made without asking for the page.
function prepare(id) {
  const ready = find(id);
  if (ready) return ready;
  const content = templateOf(id)?.content.cloneNode(true);
  if (!content) return null;
  const step = content.querySelector("[data-step]");
  step.hidden = true;
  steps.append(content);
  window.htmx.process(step);
  window.htmx.trigger(step, "htmx:load", { elt: step });
  step.querySelector("img")?.decode().catch(() => {});
  return step;
}

// The open item behind a place, or before it.
function following(from) {
  return templates().find((one) => one.dataset.place > from && isOpen(one.dataset.ahead))?.dataset.ahead;
}

function show(id, { push = true } = {}) {
  const step = prepare(id);
  if (!step) {
    window.location.assign(addressOf(id));
    return;
  }
  const before = current();
  const hadFocus = !document.activeElement || document.activeElement === document.body || before?.contains(document.activeElement);
  if (before && before !== step) before.hidden = true;
  step.hidden = false;
  step.dispatchEvent(new CustomEvent("step-shown", { bubbles: true }));
  if (push) history.pushState({ step: id }, "", step.dataset.url);
  document.title = heading.replace(root.dataset.name, step.dataset.name);
  if (hadFocus) step.querySelector("h2").focus({ preventScroll: true });
  tellPassedOver(before && before !== step ? place(before) : place(step), step);
  requestAnimationFrame(() => setTimeout(() => settle(step)));
}

// What can wait until the item is seen.
function settle(step) {
  const next = following(place(step));
  if (next) prepare(next);
  readOn(place(step)).then((isMore) => { if (isMore && current() === step) prepare(following(place(step))); });
  check(step.dataset.step, leavePassedOver);
  const gone = [...steps.querySelectorAll("[data-step][hidden]")].filter(({ dataset }) => dataset.step !== next && !onTheWay.has(dataset.step));
  for (const one of gone.slice(0, -LEFT_READY)) one.remove();
}

const addressOf = (id) => `${root.dataset.runUrl}${id}/`;

function tellPassedOver(from, step) {
  const between = passedOver().filter((one) => one.dataset.place > from && one.dataset.place < place(step));
  root.querySelector("[data-passed]").replaceChildren(...between.map((one) => one.content.cloneNode(true)));
  const words = between.map((one) => one.content.textContent.trim().replace(/\s+/g, " "));
  say([...words, `${step.dataset.name}, ${step.dataset.position}`].join(" "));
}

// A colleague was faster with the item that is shown: the run goes on, unless somebody is typing about it.
function leavePassedOver() {
  const step = current();
  const isPassed = passedOver().some((one) => one.dataset.passedOver === step.dataset.step);
  if (!isPassed || left.has(step.dataset.step) || step.contains(document.activeElement?.closest(TYPING))) return;
  left.add(step.dataset.step);
  goOn(step, { from: place(step) - 1 });
}

async function goOn(step, { from = place(step) } = {}) {
  const next = following(place(step));
  if (next) show(next);
  else if (!isAtEnd() && (await readOn(place(step), { now: true })) && following(place(step))) goOn(step, { from });
  else finish();
}

// Closing the page loses nothing that is on its way; but a page that waits for it can say what failed.
async function finish() {
  say("Finishing the review");
  while (onTheWay.size) await new Promise((done) => { setTimeout(done, 50); });
  if (left.has(current().dataset.step)) window.location.assign(isAtEnd() ? root.dataset.endUrl : root.dataset.runUrl);
}

const isLeaving = ({ elt }) => elt.closest?.("[data-step]") && elt.matches("[data-decide] form, [data-leave]");

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (!isLeaving(detail)) return;
  const step = detail.elt.closest("[data-step]");
  left.add(step.dataset.step);
  onTheWay.add(step.dataset.step);
  step.dataset.left = detail.elt.dataset.leave ?? "decided";
  if (step === current()) goOn(step);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!isLeaving(detail)) return;
  const { step: id } = detail.elt.closest("[data-step]").dataset;
  onTheWay.delete(id);
  const { status } = detail.xhr;
  if (status < 200 || status >= 400) comeBack(id);
});

function comeBack(id) {
  left.delete(id);
  delete find(id)?.dataset.left;
  show(id);
}

document.addEventListener("item-taken-back", ({ detail }) => comeBack(detail.item));

window.addEventListener("popstate", () => {
  const id = window.location.pathname.split("/").at(-2);
  const step = find(id);
  if (step || (templateOf(id) && isOpen(id))) show(id, { push: false });
  else window.location.reload();
});

function turn(by) {
  const link = current().querySelector(`[data-turn="${by}"]`);
  if (!link) return;
  const id = link.pathname.split("/").at(-2);
  if (find(id) || (templateOf(id) && isOpen(id))) show(id);
  else window.location.assign(link.href);
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-turn]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  turn(Number(link.dataset.turn));
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest?.(TYPING)) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && !event.target.closest?.(OWN_ARROWS)) {
    event.preventDefault();
    turn(by);
  }
  if (event.key === "n" && "singleKeys" in document.body.dataset) {
    event.preventDefault();
    current().querySelector("[data-leave=skipped]").requestSubmit();
  }
});

history.replaceState({ step: current().dataset.step }, "", current().dataset.url);
settle(current());
