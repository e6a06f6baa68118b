// Deciding on a work item ([data-decide]): `a` approves, `s` goes to the reason for sending it back, `u` takes back the newest
// decision that still waits. Each decision has a strip ([data-decision] in #decisions). When one arrives as the answer to a
// press, the page hears `item-decided` or `item-taken-back` on its body, with { item, run, decision }.

import { announce } from "./announce.js";

const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], dialog";
const MOST_PASSING = 2;

const panel = () => [...document.querySelectorAll("[data-decide]")].find((one) => one.checkVisibility());
const announced = new Map();
let refocused = "";
let undoesNext = false;

const keys = {
  a: () => panel()?.querySelector("form[data-approve]")?.requestSubmit(),
  s: () => open(panel()?.querySelector("[data-send-back]")),
  u: undo,
};

function open(part) {
  if (!part) return;
  part.open = true;
  part.querySelector("[data-reason]").focus();
}

// Of a decision that is on its way the strip comes with the answer: until then the newest one here is not the newest.
function undo() {
  undoesNext = Boolean(document.querySelector("[data-decide] form.htmx-request"));
  if (undoesNext) return;
  const waiting = [...document.querySelectorAll("#decisions [data-waiting] form[data-undo]:not(.htmx-request)")];
  if (waiting.length) waiting.at(-1).requestSubmit();
  else announce("No decision is waiting, so there is nothing to undo.");
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.altKey || event.repeat) return;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = target.closest?.("form[data-ctrl-enter]");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey) return;
  const part = key === "Escape" && target.closest?.("[data-send-back][open]");
  if (part) {
    part.open = false;
    part.querySelector("summary").focus();
  } else if (keys[key] && "singleKeys" in document.body.dataset && !target.closest?.(TYPING)) {
    event.preventDefault();
    keys[key]();
  }
});

document.addEventListener("click", ({ target }) => {
  const chosen = target.closest?.("[data-fill-reason]");
  if (chosen) {
    const field = chosen.form.querySelector("[data-reason]");
    field.value = chosen.dataset.fillReason;
    field.focus();
  }
  target.closest?.("[data-close-strip]")?.closest("[data-decision]").remove();
});

// A strip that was just replaced keeps the focus; one on which somebody decides how to find out is not replaced under them.
document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.matches?.("[data-decision]") && target.contains(document.activeElement)) refocused = target.id;
});

// The strip that the answer brought is in its place by now; its form can have left the page with its item.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
  if (!undoesNext || !requestConfig.elt.closest("[data-decide]")) return;
  if (xhr.status > 0 && xhr.status < 400) undo();
  else undoesNext = false;
});

document.addEventListener("htmx:confirm", (event) => {
  const strip = event.target;
  if (!strip.matches("[data-decision]:has([data-unresolved]:focus-within)")) return;
  event.preventDefault();
  const left = ({ relatedTarget }) => {
    if (strip.contains(relatedTarget)) return;
    strip.removeEventListener("focusout", left);
    event.detail.issueRequest();
  };
  strip.addEventListener("focusout", left);
});

window.htmx.onLoad((root) => {
  const isFirst = root === document.body;
  const strips = root.matches("[data-decision]") ? [root] : root.querySelectorAll("[data-decision]");
  for (const strip of strips) arrive(strip, isFirst);
});

function arrive(strip, isFirst) {
  const { decision, item, run, actId, announcement, event } = strip.dataset;
  // A second press that came before the forms had another one-time id is answered with the same strip.
  const twins = [...document.querySelectorAll(`[data-decision="${CSS.escape(decision)}"]`)].filter((one) => one !== strip);
  for (const twin of twins) twin.remove();
  const isNew = !announced.has(decision);
  if (!isFirst && announced.get(decision) !== announcement) announce(announcement);
  announced.set(decision, announcement);
  if (refocused === strip.id) {
    refocused = "";
    strip.focus();
  }
  if (event) {
    delete strip.dataset.event;
    renew(item, actId);
    if (!twins.length) document.body.dispatchEvent(new CustomEvent(event, { detail: { item, run, decision } }));
  }
  show(strip, item);
  const tray = strip.parentElement;
  if ("passes" in strip.dataset) tidy(tray);
  if (isNew) tray.scrollTop = tray.scrollHeight;
}

// The status that was read, and the forms that suit it; not under the hands of somebody who uses them.
function show(strip, item) {
  const content = (name) => strip.querySelector(`template[data-new-${name}]`)?.content;
  const status = content("status");
  if (!status) return;
  for (const place of document.querySelectorAll(`[data-status-of="${CSS.escape(item)}"]`)) place.replaceChildren(status.cloneNode(true));
  const old = document.getElementById(`decide-${item}`);
  if (!old || old.matches(":focus-within")) return;
  old.replaceWith(content("panel").cloneNode(true));
  window.htmx.process(document.getElementById(old.id));
}

// Of what needs nothing any more only the newest stay.
function tidy(tray) {
  const passing = [...tray.querySelectorAll(":scope > [data-passes]:not(:hover, :focus-within)")];
  for (const strip of passing.slice(0, -MOST_PASSING)) strip.remove();
}

// The forms of the item get another one-time id, or the next press would be answered as this one was.
function renew(item, actId) {
  const forms = document.querySelector(`[data-decide][data-item="${CSS.escape(item)}"]`);
  if (!forms) return;
  for (const field of forms.querySelectorAll("input[name=act_id]")) field.value = actId;
  for (const part of forms.querySelectorAll("details[open]")) part.open = false;
  document.getElementById(`refused-${item}`)?.replaceChildren();
}
