// The form for ground-truth labels: what is typed is checked after a pause. What is larger than labels can be is not sent.

const PAUSE = 500;
const MOST_CHECKED = 1024 ** 2;
const MOST = 10 * 1024 ** 2;

const form = document.querySelector("[data-label-input]");
const text = form.elements.labels;
const file = form.elements.file;
const verdict = form.querySelector("[data-label-verdict]");
const tooLarge = form.querySelector("[data-label-too-large]");
let waiting;

const size = () => Math.max(file.files[0]?.size ?? 0, new Blob([text.value]).size);

function check() {
  const bytes = size();
  tooLarge.hidden = bytes <= MOST;
  if (bytes > MOST_CHECKED) verdict.replaceChildren();
  else if (bytes > 0) window.htmx.trigger(verdict, "check-labels");
  else verdict.replaceChildren();
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE);
});

form.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  tooLarge.hidden = size() <= MOST;
  if (!tooLarge.hidden) event.preventDefault();
});

// What stands there already, once htmx listens.
window.htmx.onLoad((root) => { if (root.contains(form)) check(); });
