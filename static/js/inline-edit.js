// A form that edits a value inline ([data-inline-edit]): Escape cancels it, by pressing its own Cancel.

export function cancel(form) {
  form.dispatchEvent(new Event("saved"));
  form.querySelector("[data-leave]").click();
}
