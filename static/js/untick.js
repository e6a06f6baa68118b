// "Leave out" beside a batch: unticks its box and has the items counted again; without script the button posts the form.
// Where no box is ticked, which means all, every other box is ticked. Attaches to [data-untick="name of the boxes"].

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-untick]");
  if (!button) return;
  const boxes = [...document.querySelectorAll(`input[name="${CSS.escape(button.dataset.untick)}"]`)];
  const box = boxes.find((one) => one.value === button.value);
  if (!box) return;
  event.preventDefault();
  if (!boxes.some((one) => one.checked)) for (const one of boxes) one.checked = true;
  box.checked = false;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  box.focus();
});
