// What waits in a template ([data-in-view]) takes its place once that comes into view. The browser's own lazy loading fetches
// pictures thousands of pixels ahead, which is most of a page of small rows.

import { start as watch } from "./pictures.js";

const AHEAD = "150px";
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) show(target);
}, { rootMargin: AHEAD });

export function start(template) {
  observer.observe(template.parentElement);
}

function show(place) {
  observer.unobserve(place);
  const template = place.querySelector("[data-in-view]");
  template?.replaceWith(...template.content.children);
  for (const picture of place.querySelectorAll("[data-picture]")) watch(picture);
}
