// The one script of every page. The behaviours stand in files of their own, which are loaded when a page holds what they
// work on (arrivals) or when somebody presses it (presses), so that a first visit stays small. Menus and single keys,
// which every page has, begin here.

const arrivals = {
  "[data-countdown]": () => import("./countdown.js"),
  "[data-error-summary], .field-error": () => import("./field-errors.js"),
  "[data-in-view]": () => import("./in-view.js"),
  "[data-notice]": () => import("./notices.js"),
  "[data-overlay], [data-labels]": () => import("./labels.js"),
  "[data-picture]": () => import("./pictures.js"),
  "[data-selection]": () => import("./selection.js"),
  "[data-reorder]": () => import("./reorder.js"),
  "[data-time-zones]": () => import("./time-zones.js"),
  "[data-unsaved]": () => import("./unsaved.js"),
  "[data-zoom-view]": () => import("./stage.js"),
};

const presses = {
  "[data-add], [data-remove]": () => import("./repeated-fields.js"),
  "[data-calendar]": () => import("./calendar.js"),
  "[data-copy], [data-copy-from]": () => import("./copy.js"),
  "[data-dialog-open], [data-dialog-close]": () => import("./dialogs.js"),
  "[data-dismiss]": () => import("./notices.js"),
  "[data-print]": () => import("./print.js"),
  "[data-passkey]": () => import("./passkey.js"),
  "[data-show-password]": () => import("./show-password.js"),
};

const drafts = () => sessionStorage.getItem("form-drafts");
const formDrafts = () => import("./form-drafts.js");

function found(root, selector) {
  const inside = [...root.querySelectorAll(selector)];
  return root.matches(selector) ? [root, ...inside] : inside;
}

function start(root) {
  for (const [selector, load] of Object.entries(arrivals)) {
    const elements = found(root, selector);
    if (elements.length) load().then((behaviour) => elements.forEach(behaviour.start));
  }
  if (root !== document.body && drafts()) formDrafts().then((behaviour) => behaviour.restore(root));
}

// Signed-out pages come without htmx.
if (window.htmx) window.htmx.onLoad(start);
else start(document.body);

document.addEventListener("click", (event) => {
  for (const [selector, load] of Object.entries(presses)) {
    const pressed = event.target.closest?.(selector);
    if (pressed) {
      event.preventDefault();
      load().then((behaviour) => behaviour.press(pressed));
    }
  }
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => import("./busy.js").then((busy) => busy.begin(detail)));
document.addEventListener("htmx:sendError", ({ target }) => {
  if (!target.closest("[data-quiet]")) import("./announce.js").then((script) => script.showNotice("offline-notice"));
});

// The words that a failed request leaves are in a notice; the place that waited for the answer says that none came.
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (xhr.status > 0 && xhr.status < 400) return;
  for (const skeleton of elt.querySelectorAll(".skeleton")) {
    skeleton.replaceWith(skeleton.querySelector("template").content);
  }
});

// Where the session ended, the first answer leads to the sign-in page. Others that come until it is there would open it again
// under the hands of whoever types already; one that was sent with something typed goes first, because it was kept.
let signsIn = false;
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status !== 401) return;
  if (signsIn && requestConfig.verb === "get") event.preventDefault();
  signsIn = true;
});
window.addEventListener("pageshow", () => { signsIn = false; });

// Menus are details elements and open without this. It closes them as people expect.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", ({ key, target }) => {
  const menu = key === "Escape" && target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("keydown", (event) => {
  const place = event.key === "Escape" && event.target.closest?.("[data-inline-edit]");
  if (!place) return;
  event.preventDefault();
  import("./inline-edit.js").then((behaviour) => behaviour.cancel(place));
});

// Single keys work only where nobody is typing, so that a letter in a name stays a letter, and not for those who turned
// them off in their profile. Keys of single pages are told as the event "single-key"; who uses one prevents its default.
const SINGLE_KEYS = ["?", "/", "n", "j", "k"];
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], dialog";
// Once it is here, each key works before the next one comes.
let shortcuts = null;

document.addEventListener("keydown", (event) => {
  if (!("singleKeys" in document.body.dataset)) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const inList = event.key.startsWith("Arrow") && event.target.matches?.("[data-rows] a");
  if (!inList && event.target.closest?.(TYPING)) return;
  if (!inList && !SINGLE_KEYS.includes(event.key)) {
    const key = new CustomEvent("single-key", { bubbles: true, cancelable: true, detail: event.key });
    if (!event.target.dispatchEvent(key)) event.preventDefault();
    return;
  }
  event.preventDefault();
  // At once: what is typed next belongs into the search, and is not a key of its own.
  if (event.key === "/") document.querySelector("[data-search]")?.focus();
  else if (shortcuts) shortcuts.press(event.key);
  else import("./shortcuts.js").then((module) => (shortcuts = module).press(event.key));
});

// Some engines have no passkeys, and without script none of them has.
for (const part of document.querySelectorAll("[data-with-passkeys]")) part.hidden = !window.PublicKeyCredential;
for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = Boolean(window.PublicKeyCredential);

const { sessionEnds, sessionStay } = document.body.dataset;
if (drafts()) formDrafts().then((behaviour) => (sessionEnds ? behaviour.begin() : behaviour.markLost()));
if (sessionEnds) {
  // From the first field somebody goes to, so that it is here before there is anything to keep.
  for (const kind of ["focusin", "input", "change"]) document.addEventListener(kind, ({ target }) => { if (target.form) formDrafts(); });
  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-sign-out]")) return;
    for (const kept of ["form-drafts", "stage"]) sessionStorage.removeItem(kept);
    document.body.dataset.signsOut = "yes";
  });
  seeOut();
  const left = sessionEnds * 1000 - Date.now();
  setTimeout(() => import("./session.js").then((session) => session.warn(sessionStay, left)), left - 5 * 60 * 1000);
}

// Hidden while the browser puts the page aside, so that it is not seen for a moment when it comes back.
function seeOut() {
  const tabs = new BroadcastChannel("sign-out");
  tabs.addEventListener("message", () => import("./after-sign-out.js").then((script) => script.signedOut()));
  document.addEventListener("submit", ({ target }) => { if (target.matches("[data-sign-out]")) tabs.postMessage("sent"); });
  window.addEventListener("pagehide", ({ persisted }) => { document.documentElement.hidden = persisted; });
  window.addEventListener("pageshow", ({ persisted }) => { if (persisted) import("./after-sign-out.js").then((script) => script.showAgain()); });
}
