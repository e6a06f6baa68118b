// Something edited where it stands ([data-in-place]): Escape leaves it as it was, by following its own Cancel.

export function leave(form) {
  form.dispatchEvent(new Event("saved"));
  form.querySelector("[data-leave]").click();
}
