// "Leave out" beside a batch: unticks its box and has the items counted again.
// Attaches to [data-untick="name of the boxes"][data-value="value of the one"].

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-untick]");
  if (!button) return;
  const boxes = document.querySelectorAll(`input[name="${CSS.escape(button.dataset.untick)}"]`);
  const box = [...boxes].find((one) => one.value === button.dataset.value);
  if (!box) return;
  box.checked = false;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  box.focus();
});
