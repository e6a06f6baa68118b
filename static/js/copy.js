// data-copy="text", or data-copy-from="id" of the element whose text is meant. The button says that it worked.

import { announce } from "./announce.js";

export async function press(button) {
  const source = document.getElementById(button.dataset.copyFrom);
  await navigator.clipboard.writeText(source ? (source.value ?? source.textContent).trim() : button.dataset.copy);
  announce("Copied");
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
}
