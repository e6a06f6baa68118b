// Saying things without moving the focus: words for the live region, and notices from the templates of the page.

// Emptied first, so that the same words are said again.
export function say(words) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = words; }, 50);
}

export function notice(template) {
  const copy = document.getElementById(template).content.cloneNode(true);
  const element = copy.firstElementChild;
  document.getElementById("notices").append(copy);
  window.htmx?.trigger(element, "htmx:load", { elt: element });
  return element;
}
