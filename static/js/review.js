// A review run: after a decision the next item is shown at once, complete, because it was made ready before. What was decided
// goes on its way meanwhile; if that fails, the run comes back to its item. The address follows.

import { announce } from "./announce.js";
import { start as zoomOf } from "./stage.js";
import { check, idsBehind, isAtEnd, isPassedOver, passedBetween, readOn, templateOf } from "./review-ahead.js";
import { all, begin, forget, isComplete, keep, known, leaveStandBy, prepare, restoreForms, standBy, standsBy } from "./review-step.js";

const STAY_READY = 5;
const FOLLOWS_AFTER = 200;
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], dialog";
const OWN_ARROWS = "[data-rows], input";

const root = document.querySelector("[data-review]");
const steps = root.querySelector("[data-steps]");
const titleEnd = document.title.slice(document.title.lastIndexOf(" · "));
const left = new Set();
const onTheWay = new Map();

let current = steps.querySelector("[data-step]");

const idOf = (step) => step.dataset.step;
const place = (step) => Number(step.dataset.place);
const addressOf = (id) => `${root.dataset.runUrl}${id}/`;
const idIn = (address) => new URL(address, window.location).pathname.split("/").at(-2);
const following = (step) => idsBehind(place(step)).find((id) => !left.has(id));

function show(id, { push = true } = {}) {
  const step = prepare(id);
  if (!step) {
    window.location.assign(addressOf(id));
    return;
  }
  const before = current;
  const isFocusFree = [null, document.body].includes(document.activeElement) || before.contains(document.activeElement);
  if (before !== step) standBy(before);
  if (standsBy(step)) leaveStandBy(step);
  current = step;
  if (!step.isConnected) {
    steps.append(step);
    begin(step);
  }
  if (push) history.pushState(null, "", step.dataset.url);
  document.title = step.dataset.name + titleEnd;
  if (isFocusFree) step.querySelector("h2").focus({ preventScroll: true });
  if (before !== step && step.getBoundingClientRect().top < 0) step.scrollIntoView();
  tell(before, step);
  requestAnimationFrame(() => setTimeout(() => lookAhead(step)));
}

function tell(before, step) {
  const passed = passedBetween(before === step ? place(step) : place(before), place(step));
  root.querySelector("[data-passed]").replaceChildren(...passed.map((one) => one.content.cloneNode(true)));
  const words = passed.map((one) => one.content.textContent.trim().replace(/\s+/g, " "));
  announce([...words, `${step.dataset.name}, ${step.dataset.position}`].join(" "));
}

// What can wait until the item is seen.
async function lookAhead(step) {
  const next = following(step);
  tidy(next);
  if (next) layOut(prepare(next));
  check(idOf(step), leavePassedOver);
  const idle = all().filter((one) => one !== current && idOf(one) !== next && !onTheWay.has(idOf(one)));
  for (const one of idle.slice(0, -STAY_READY)) forget(one);
  if ((await readOn(place(step))) && current === step && !next && following(step)) layOut(prepare(following(step)));
}

// In the page stay the items beside the one that is shown, and those whose decision is on the way: there its answer is heard.
function tidy(next) {
  const before = current.querySelector('[data-turn="-1"]');
  const stay = [idOf(current), next, before && idIn(before.href), ...onTheWay.keys()];
  for (const one of [...steps.children]) if (!stay.includes(idOf(one))) leavePage(one);
}

async function layOut(step) {
  if (!(await isComplete(step)) || step.isConnected || following(current) !== idOf(step)) return;
  standBy(step);
  steps.append(step);
  begin(step);
}

// What stands by is zoomed as the picture that is seen, so that it need not be laid out anew when it is shown.
let follows;
document.addEventListener("stage-rest", ({ target }) => {
  if (!current.contains(target)) return;
  clearTimeout(follows);
  follows = setTimeout(() => {
    for (const view of steps.querySelectorAll(".is-standing-by [data-zoom-view]")) zoomOf(view)?.restore();
  }, FOLLOWS_AFTER);
});

function leavePage(step) {
  step.remove();
  if (standsBy(step)) leaveStandBy(step);
}

// A colleague was faster with the item that is shown: the run goes on, unless somebody is typing about it.
function leavePassedOver() {
  const id = idOf(current);
  if (!isPassedOver(id) || left.has(id) || document.activeElement?.closest(TYPING)) return;
  left.add(id);
  goOn(current);
}

async function goOn(step) {
  if (!following(step)) await readOn(place(step), { few: 1 });
  const next = following(step);
  if (current !== step) return;
  if (next) show(next);
  else finish(step);
}

// What is on its way is waited for: if it fails, its item is shown again instead.
async function finish(step) {
  announce("Finishing the review");
  while (onTheWay.size) await new Promise((done) => { setTimeout(done, 50); });
  if (current === step && left.has(idOf(step))) window.location.assign(isAtEnd() ? root.dataset.endUrl : root.dataset.runUrl);
}

function comeBack(id) {
  left.delete(id);
  delete known(id)?.dataset.left;
  show(id);
}

// The answer to a form without its reason is the form that asks for it, so the item stays.
const lacksReason = (form) => form.querySelector("[data-reason]")?.value.trim() === "";

// Decisions and skips are forms in the step. Its page goes on when one is sent, and hears later how it went, also where the
// answer replaced the form.
document.addEventListener("htmx:beforeSend", ({ detail: { elt, xhr } }) => {
  const step = elt.matches?.("[data-decide] form, [data-leave]") && elt.closest("[data-step]");
  if (!step || lacksReason(elt)) return;
  keep(step);
  left.add(idOf(step));
  onTheWay.set(idOf(step), xhr);
  step.dataset.left = elt.dataset.leave ?? "decided";
  if (step === current) goOn(step);
});

const askedBy = (xhr) => [...onTheWay.keys()].find((id) => onTheWay.get(id) === xhr);

// The answer gives the fields of the forms another one-time id (decide.js).
document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
  const id = askedBy(xhr);
  if (id) restoreForms(known(id));
});

document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
  const id = askedBy(xhr);
  if (!id) return;
  onTheWay.delete(id);
  const step = known(id);
  restoreForms(step);
  if (xhr.status < 200 || xhr.status >= 400) comeBack(id);
  else if (step.dataset.left === "skipped" && step !== current) leavePage(step);
});

// By now the forms have another one-time id, so that the item can be decided again if this is taken back; its template has not.
document.body.addEventListener("item-decided", ({ detail }) => {
  templateOf(detail.item)?.remove();
  const step = known(detail.item);
  if (step && step !== current) leavePage(step);
});

document.body.addEventListener("item-taken-back", ({ detail }) => {
  if (detail.run === root.dataset.review) comeBack(detail.item);
});

function canShow(id) {
  return known(id) || (!left.has(id) && prepare(id));
}

function turn(by) {
  const link = current.querySelector(`[data-turn="${by}"]`);
  if (!link) return;
  if (canShow(idIn(link.href))) show(idIn(link.href));
  else window.location.assign(link.href);
}

window.addEventListener("popstate", () => {
  const id = idIn(window.location.href);
  if (canShow(id)) show(id, { push: false });
  else window.location.reload();
});

root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-turn]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  turn(Number(link.dataset.turn));
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest?.(TYPING)) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  // A zoomed picture is moved by the arrows instead.
  if (by && !event.defaultPrevented && !event.target.closest?.(OWN_ARROWS)) {
    event.preventDefault();
    turn(by);
  } else if (event.key === "n" && "singleKeys" in document.body.dataset) {
    event.preventDefault();
    current.querySelector("[data-leave]").requestSubmit();
  }
});

keep(current);
history.replaceState(null, "", current.dataset.url);
lookAhead(current);
