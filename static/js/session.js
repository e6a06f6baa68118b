// Five minutes before the session ends a notice offers to stay. Staying is one small request; drafts are untouched.

import { notice, say } from "./say.js";

export function warn(address) {
  const shown = notice("ending-notice");
  const stay = document.createElement("button");
  Object.assign(stay, { type: "button", className: "button button-small", textContent: "Stay signed in" });
  stay.addEventListener("click", () => extend(address, shown));
  shown.querySelector(".notice-words").append(stay);
}

async function extend(address, shown) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
  if (!answer.ok) return window.location.reload();
  shown.remove();
  return say("You stay signed in");
}
