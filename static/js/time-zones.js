// Beside the list of all time zones, a button that selects the computer's own.

export function start(list) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = [...list.options].find((one) => one.value === own);
  if (!option || option.selected) return;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button-small", textContent: `Use this computer’s: ${option.text}` });
  button.addEventListener("click", () => {
    option.selected = true;
    button.remove();
    list.focus();
  });
  list.after(button);
}
