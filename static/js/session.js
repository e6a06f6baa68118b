// Five minutes before the session ends a notice offers to stay. Staying is one small request; drafts are untouched, and the
// warning comes again when as much time has gone by.

import { stay } from "./after-sign-out.js";
import { close } from "./notices.js";
import { announce, showNotice } from "./announce.js";

const BEFORE = 5 * 60 * 1000;
const AT_LEAST = 60 * 1000;

export function warn(address, lasts) {
  const shown = showNotice("ending-notice");
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button-small", textContent: "Stay signed in" });
  button.addEventListener("click", () => extend(address, lasts, shown));
  const actions = Object.assign(document.createElement("div"), { className: "notice-actions" });
  actions.append(button);
  shown.querySelector(".notice-words").append(actions);
}

async function extend(address, lasts, shown) {
  let answer;
  try {
    answer = await stay(address);
  } catch {
    showNotice("offline-notice");
    return;
  }
  if (!answer.ok) {
    window.location.reload();
    return;
  }
  close(shown);
  announce("You stay signed in");
  setTimeout(() => warn(address, lasts), Math.max(lasts - BEFORE, AT_LEAST));
}
