// Signing in with a passkey takes two scripts of allauth. They are loaded for those who press the button, not for everyone.

import { showNotice } from "./announce.js";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  showNotice("passkey-notice");
});

export async function press(button) {
  const { passkey } = button.dataset;
  // Once, however often it is pressed meanwhile; and again after a try that did not get through.
  button.removeAttribute("data-passkey");
  try {
    for (const address of passkey.split(" ")) await load(address);
  } catch {
    button.dataset.passkey = passkey;
    showNotice("offline-notice");
    return;
  }
  window.allauth.webauthn.forms.loginForm({ ids: { login: button.id, credential: button.dataset.credential } });
  button.click();
}

function load(address) {
  const script = Object.assign(document.createElement("script"), { src: address });
  const loaded = new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }));
  document.head.append(script);
  return loaded;
}
