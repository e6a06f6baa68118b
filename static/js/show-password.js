// The button beside a password field ([data-show-password]) shows or hides its value.

export function press(button) {
  const field = button.parentElement.querySelector("input");
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.firstElementChild.textContent = shown ? "Hide" : "Show";
}
