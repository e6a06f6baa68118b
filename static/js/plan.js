// The button of a plan says how many items it sends: with the unlikely ones where their box is ticked ([data-plan]).

function name(form) {
  const button = form.querySelector(".button-primary");
  const box = form.querySelector("input[name=unlikely]");
  if (button && box) button.textContent = box.checked ? form.dataset.buttonWithUnlikely : form.dataset.button;
}

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form[data-plan]");
  if (form) name(form);
});

function begin() {
  document.querySelectorAll("form[data-plan]").forEach(name);
}

document.addEventListener("htmx:afterSettle", begin);
begin();
