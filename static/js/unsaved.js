// A form with data-unsaved warns before leaving once something in it changed, or while the server says
// data-unsaved="yes". Sending it, or an event "saved" on it, makes leaving free again.

let watched = [];

export function start(form) {
  watched = watched.filter((known) => known.isConnected);
  watched.push(form);
  form.addEventListener("input", () => { form.dataset.unsaved = "yes"; });
  for (const name of ["submit", "reset", "saved", "htmx:beforeRequest"]) {
    form.addEventListener(name, (event) => { if (event.target === form) form.dataset.unsaved = ""; });
  }
}

window.addEventListener("beforeunload", (event) => {
  if (watched.some((form) => form.isConnected && form.dataset.unsaved === "yes")) event.preventDefault();
});
