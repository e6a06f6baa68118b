// A message about a field speaks of what stood there: with the first change it goes, and so does its line in the summary
// above the form. A summary without a line goes as a whole.

let listening = false;

export function start() {
  if (listening) return;
  listening = true;
  for (const { hash } of document.querySelectorAll("[data-error-summary] a[href]")) forgetIfTyped(document.getElementById(hash.slice(1)));
  for (const name of ["input", "change"]) document.addEventListener(name, ({ target }) => forget(target));
  // A line about something that htmx exchanges names what must still be on the page for it to be true.
  document.addEventListener("htmx:afterSettle", () => {
    removeLines((line) => line.dataset.while && !document.querySelector(line.dataset.while));
  });
}

// What was typed after the answer came and before this file did.
function forgetIfTyped(field) {
  if (field?.matches("input, textarea") && field.value.trim() !== field.defaultValue.trim()) forget(field);
}

function forget(field) {
  const box = field.closest?.(".field, .fieldset");
  const described = (field.getAttribute?.("aria-describedby") ?? "").split(" ").filter(Boolean);
  const places = [box, ...described.map((id) => document.getElementById(id))].filter(Boolean);
  for (const place of places) {
    const messages = [...place.querySelectorAll(".field-error")];
    if (place.matches(".field-error")) messages.push(place);
    messages.forEach((message) => message.remove());
  }
  for (const one of [field, ...(box?.querySelectorAll("[aria-invalid]") ?? [])]) one.removeAttribute?.("aria-invalid");
  const names = new Set([field.id, box?.id, ...[...(box?.querySelectorAll("[id]") ?? [])].map((one) => one.id)]);
  removeLines((line) => names.has(line.querySelector("a[href]")?.hash.slice(1)));
}

function removeLines(isOver) {
  for (const summary of document.querySelectorAll("[data-error-summary]")) {
    summary.querySelectorAll("li").forEach((line) => { if (isOver(line)) line.remove(); });
    if (!summary.querySelector("li")) summary.remove();
  }
}
