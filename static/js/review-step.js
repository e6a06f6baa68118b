// The steps of a review run outside the page: made from their template before they are asked for, with the picture decoded and
// the labels in their place. Whoever shows one puts it into the page as it is, so nothing is loaded twice.

import { HEADERS, ask, templateOf } from "./review-ahead.js";

const made = new Map();

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
  loadPicture(step);
  loadLabels(step);
  return step;
}

// A link that has aged is asked for afresh, as pictures.js does it in the page.
async function loadPicture(step) {
  const picture = step.querySelector("[data-picture]");
  try {
    await picture?.decode();
  } catch {
    if (!picture.dataset.renewUrl || step.isConnected) return;
    const found = (await ask(fetch(picture.dataset.renewUrl, { headers: HEADERS })))?.querySelector("[data-picture]");
    if (!found || step.isConnected) return;
    picture.replaceWith(found);
    found.decode().catch(() => {});
  }
}

async function loadLabels(step) {
  const place = step.querySelector('[id^="labels-"][hx-get]');
  if (!place) return;
  const address = place.getAttribute("hx-get");
  place.removeAttribute("hx-get");
  const content = await ask(fetch(address, { headers: HEADERS }));
  const part = content?.getElementById(place.id);
  if (!part) {
    place.setAttribute("hx-get", address);
    if (step.isConnected) window.htmx.process(place);
    return;
  }
  place.replaceWith(part);
  const drawings = [...content.querySelectorAll("[hx-swap-oob]")].map((one) => putInto(step, one));
  if (step.isConnected) for (const one of [part, ...drawings]) begin(one);
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
