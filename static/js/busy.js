// While htmx asks: the old content stays and dims; after a second words say so; after ten seconds there is a way out.
// Polls and other quiet requests carry data-quiet and change nothing. This file may be here only after a request was
// answered, or was replaced by the next one: of such a request no end is heard any more, so none is waited for.

const WORDS_AFTER = 1000;
const CANCEL_AFTER = 10000;

export function begin({ elt, target, xhr }) {
  if (elt.closest("[data-quiet]") || [XMLHttpRequest.UNSENT, XMLHttpRequest.DONE].includes(xhr.readyState)) return;
  target.setAttribute("aria-busy", "true");
  let note;
  const words = setTimeout(() => { note = show(elt); }, WORDS_AFTER);
  const cancel = setTimeout(() => note?.querySelector("[data-cancel]").removeAttribute("hidden"), CANCEL_AFTER);
  xhr.addEventListener("loadend", () => {
    clearTimeout(words);
    clearTimeout(cancel);
    note?.remove();
    target.removeAttribute("aria-busy");
  });
}

function show(elt) {
  const copy = document.getElementById("busy-note").content.cloneNode(true);
  const note = copy.firstElementChild;
  const text = elt.closest("[data-busy-text]")?.dataset.busyText;
  if (text) note.querySelector("[data-words]").textContent = text;
  note.querySelector("[data-cancel]").addEventListener("click", () => {
    window.htmx.trigger(elt, "htmx:abort");
    elt.focus?.();
  });
  document.getElementById("busy").append(copy);
  return note;
}
