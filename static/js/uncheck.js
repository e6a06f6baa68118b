// "Leave out" beside a batch ([data-uncheck="name of the boxes"]) unchecks its box, and the form counts the items again. Without
// script the button posts the form. Where no box is checked, which means all, every other box is checked.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-uncheck]");
  if (!button) return;
  const boxes = [...document.querySelectorAll(`input[name="${CSS.escape(button.dataset.uncheck)}"]`)];
  const box = boxes.find((one) => one.value === button.value);
  if (!box) return;
  event.preventDefault();
  if (!boxes.some((one) => one.checked)) for (const one of boxes) one.checked = true;
  box.checked = false;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  box.focus();
});
