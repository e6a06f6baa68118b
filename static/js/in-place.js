// Something edited where it stands ([data-in-place]): Escape leaves it as it was, by following its own Cancel.

export function start(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    form.dispatchEvent(new Event("saved"));
    form.querySelector("[data-leave]").click();
  });
}
