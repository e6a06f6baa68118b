// A form with data-unsaved warns before leaving once something in it changed, or while the server says
// data-unsaved="yes". Sending it, if it gets through, or an event "saved" on it, makes leaving free again. Fields without a
// name are tools that stand in it, such as a search, and are never sent.

let watched = [];

export function start(form) {
  watched = watched.filter((known) => known.isConnected);
  watched.push(form);
  form.addEventListener("input", ({ target }) => { if (target.name !== "") form.dataset.unsaved = "yes"; });
  let sent = "";
  for (const name of ["submit", "reset", "saved", "htmx:beforeRequest"]) {
    form.addEventListener(name, ({ target }) => {
      if (target !== form) return;
      sent ||= form.dataset.unsaved;
      form.dataset.unsaved = "";
    });
  }
  // Not by `detail.successful`: to htmx every answer counts as good, because ours says itself what went wrong.
  form.addEventListener("htmx:afterRequest", ({ target, detail: { xhr } }) => {
    if (target !== form) return;
    // 401: the session ended. What was typed comes back after signing in, so that nobody has to stay for it.
    if (xhr.status !== 401 && (xhr.status < 200 || xhr.status >= 400)) form.dataset.unsaved ||= sent;
    sent = "";
  });
  // Typed before this was here.
  if ([...form.elements].some(isChanged)) form.dataset.unsaved = "yes";
}

function isChanged(field) {
  if (!field.name || field.matches("select, button, [type=hidden]")) return false;
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
  if (xhr.status === 401) for (const form of watched) form.dataset.unsaved = "";
});

window.addEventListener("beforeunload", (event) => {
  if (watched.some((form) => form.isConnected && form.dataset.unsaved === "yes")) event.preventDefault();
});
