// Native dialogs. data-dialog-open="id" opens one (a link keeps working without script), data-dialog-close closes the one
// around it. The browser gives the focus back by itself.

export function open(dialog) {
  if (!dialog.open) dialog.showModal();
}

export function press(button) {
  if (button.matches("[data-dialog-close]")) button.closest("dialog").close();
  else open(document.getElementById(button.dataset.dialogOpen));
}

// A press on the veil closes, if it also began there: dragging a selection out of a field must not.
let pressed;
document.addEventListener("pointerdown", (event) => { pressed = event.target; });
document.addEventListener("click", (event) => {
  if (event.target === pressed && event.target.matches?.("dialog.dialog[open]") && !inside(event)) event.target.close();
});

function inside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  return clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
}
