// Announces messages without moving the focus: text in the live region, and notices cloned from the page's templates.

// Emptied first, so that a screen reader also reads the same words a second time.
export function announce(words) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = words; }, 50);
}

export function showNotice(template) {
  const copy = document.getElementById(template).content.cloneNode(true);
  const element = copy.firstElementChild;
  document.getElementById("notices").append(copy);
  window.htmx?.trigger(element, "htmx:load", { elt: element });
  return element;
}
