// Signing in with a passkey takes two scripts of allauth. They are loaded for those who press the button, not for everyone.

import { notice } from "./say.js";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  notice("passkey-notice");
});

export async function press(button) {
  for (const address of button.dataset.passkey.split(" ")) await load(address);
  button.removeAttribute("data-passkey");
  window.allauth.webauthn.forms.loginForm({ ids: { login: button.id, credential: button.dataset.credential } });
  button.click();
}

function load(address) {
  const script = Object.assign(document.createElement("script"), { src: address });
  const loaded = new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }));
  document.head.append(script);
  return loaded;
}
