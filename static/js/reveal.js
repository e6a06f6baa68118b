// A password field gets a button that shows what was typed.

export function start(field) {
  if (!field.matches("input[type=password]") || field.closest(".with-button")) return;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: "Show" });
  button.setAttribute("aria-label", "Show password");
  button.setAttribute("aria-pressed", "false");
  const frame = document.createElement("div");
  frame.className = "with-button";
  field.replaceWith(frame);
  frame.append(field, button);
  button.addEventListener("click", () => toggle(field, button));
}

function toggle(field, button) {
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.textContent = shown ? "Hide" : "Show";
}
