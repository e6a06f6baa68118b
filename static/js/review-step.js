// The steps of a review run: made from their template before they are asked for, with the picture decoded and the labels in
// their place. The next one then stands by in the page, styled and laid out but not seen, so that showing it is only painting.

import { HEADERS, ask, templateOf } from "./review-ahead.js";

const made = new Map();
const parts = new WeakMap();
const putAway = new WeakMap();

export const known = (id) => made.get(id);

export const keep = (step) => { made.set(step.dataset.step, step); };

export const forget = (step) => { made.delete(step.dataset.step); };

export const all = () => [...made.values()];

// The step, complete as soon as its parts are here; null where the page does not have it.
export function prepare(id) {
  if (made.has(id)) return made.get(id);
  const template = templateOf(id);
  if (!template) return null;
  const step = document.importNode(template.content, true).querySelector("[data-step]");
  keep(step);
  parts.set(step, Promise.all([loadPicture(step), loadLabels(step)]));
  return step;
}

// True once picture and labels are here; what could not be loaded is asked for again when the step is shown.
export const isComplete = async (step) => (await parts.get(step))?.every(Boolean);

export const standsBy = (step) => step.classList.contains("is-standing-by");

// Of its forms only the shells stay in the page, so that no field is there twice.
export function standBy(step) {
  step.classList.add("is-standing-by");
  for (const form of step.querySelectorAll("[data-decide] form")) {
    const fields = document.createDocumentFragment();
    fields.append(...form.childNodes);
    putAway.set(form, fields);
  }
}

export function restoreForms(step) {
  for (const form of step.querySelectorAll("[data-decide] form")) {
    if (putAway.has(form)) form.append(putAway.get(form));
    putAway.delete(form);
  }
}

export function leaveStandBy(step) {
  restoreForms(step);
  step.classList.remove("is-standing-by");
  for (const panel of step.querySelectorAll("[data-decide]")) begin(panel);
}

// A link that has aged is asked for afresh, as pictures.js does it in the page.
async function loadPicture(step) {
  const picture = step.querySelector("[data-picture]");
  if (await decode(picture)) return true;
  if (!picture.dataset.renewUrl || step.isConnected) return false;
  const found = (await ask(fetch(picture.dataset.renewUrl, { headers: HEADERS })))?.querySelector("[data-picture]");
  if (!found || step.isConnected) return false;
  picture.replaceWith(found);
  return decode(found);
}

async function decode(picture) {
  try {
    await picture?.decode();
    return true;
  } catch {
    return false;
  }
}

async function loadLabels(step) {
  const place = step.querySelector('[id^="labels-"][hx-get]');
  if (!place) return true;
  const address = place.getAttribute("hx-get");
  place.removeAttribute("hx-get");
  const content = await ask(fetch(address, { headers: HEADERS }));
  const part = content?.getElementById(place.id);
  if (!part) {
    place.setAttribute("hx-get", address);
    if (step.isConnected) window.htmx.process(place);
    return false;
  }
  place.replaceWith(part);
  const drawings = [...content.querySelectorAll("[hx-swap-oob]")].map((one) => putInto(step, one));
  if (step.isConnected) for (const one of [part, ...drawings]) begin(one);
  return true;
}

function putInto(step, one) {
  one.removeAttribute("hx-swap-oob");
  step.querySelector(`#${CSS.escape(one.id)}`)?.replaceWith(one);
  return one;
}

// What the page does with content that came by htmx.
export function begin(element) {
  window.htmx.process(element);
  window.htmx.trigger(element, "htmx:load", { elt: element });
}
