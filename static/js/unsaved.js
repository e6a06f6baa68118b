// A form with data-unsaved warns before leaving once something in it changed, or while the server says
// data-unsaved="yes". Sending it, or an event "saved" on it, makes leaving free again. Fields without a name are tools that
// stand in it, such as a search, and are never sent.

let watched = [];

export function start(form) {
  watched = watched.filter((known) => known.isConnected);
  watched.push(form);
  form.addEventListener("input", ({ target }) => { if (target.name !== "") form.dataset.unsaved = "yes"; });
  for (const name of ["submit", "reset", "saved", "htmx:beforeRequest"]) {
    form.addEventListener(name, (event) => { if (event.target === form) form.dataset.unsaved = ""; });
  }
  // Typed before this was here.
  if ([...form.elements].some(isChanged)) form.dataset.unsaved = "yes";
}

function isChanged(field) {
  if (!field.name || field.matches("select, button, [type=hidden]")) return false;
  return field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

window.addEventListener("beforeunload", (event) => {
  if (watched.some((form) => form.isConnected && form.dataset.unsaved === "yes")) event.preventDefault();
});
