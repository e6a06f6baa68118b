// The page that uploads files: what is chosen or dropped goes into the ledger and to the store (upload-queue.js); rows,
// totals, buttons and words of the page follow. Of several tabs with the same upload one sends, the others wait for it.

import { announce } from "./announce.js";
import { chosenIn, droppedIn } from "./upload-chosen.js";
import { Queue } from "./upload-queue.js";
import { start as startRows } from "./upload-rows.js";
import { ledger } from "./upload-server.js";
import { count, duration, number, Pace, size } from "./upload-words.js";

const DRAWN_EVERY = 200;
const COUNTED_EVERY = 1000;
const BEAT = 60_000;
const PIECE = 500;
const MOST_REFUSED = 200;
const UNDER_WAY = ["waiting", "sending", "checking"];

const root = document.querySelector("[data-upload]");
const part = (name) => root.querySelector(`[data-upload-part="${name}"]`);
const server = ledger(root.dataset);
const pace = new Pace();
const changed = new Set();

let isMine = false;
let isAsking = false;
let spoken = "";
let unreadable = 0;
let refused = 0;
let drawing = 0;
let left = "";

const queue = new Queue(server, {
  changed(item) {
    changed.add(item);
    soon();
  },
  added,
  turned() {
    soon();
    speak();
  },
});
const rows = startRows(root, queue);

// Choosing

function bring(chosen) {
  if (!chosen.length) return;
  queue.bring(chosen);
  begin();
}

for (const input of root.querySelectorAll("[data-upload-input]")) {
  input.addEventListener("change", () => {
    const chosen = chosenIn(input);
    // The same again is a choice, too.
    input.value = "";
    bring(chosen);
  });
}

const drop = root.querySelector("[data-upload-drop]");
const isOfFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
const hover = (isOver) => drop?.classList.toggle("is-over", isOver);

// A file that misses the place would otherwise take the place of the page.
window.addEventListener("dragover", (event) => {
  if (!isOfFiles(event)) return;
  event.preventDefault();
  hover(true);
});
window.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) hover(false); });
window.addEventListener("drop", async (event) => {
  if (!isOfFiles(event)) return;
  event.preventDefault();
  hover(false);
  if (!drop) return;
  let some = [];
  unreadable += await droppedIn(event.dataTransfer, (one) => {
    if (some.push(one) < PIECE) return;
    bring(some);
    some = [];
  });
  bring(some);
  soon();
});

// One tab sends

function begin() {
  if (isMine || !navigator.locks) queue.start();
  else if (!isAsking) {
    isAsking = true;
    const name = `upload-${root.dataset.upload}`;
    navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? keepLock() : waitFor(name)));
  }
}

function waitFor(name) {
  part("tools").hidden = part("elsewhere").hidden = false;
  announce(part("elsewhere").textContent);
  navigator.locks.request(name, keepLock);
}

// As long as the page is there.
function keepLock() {
  isMine = true;
  part("elsewhere").hidden = true;
  queue.start();
  return new Promise(() => {});
}

function added(chosen, entries, more) {
  entries.forEach(({ id, message }, place) => { if (!id) refuse(chosen[place], message); });
  // What is reloaded is this upload, not another new one.
  if (window.location.pathname !== root.dataset.uploadUrl) window.history.replaceState(null, "", root.dataset.uploadUrl);
  if (!rows.hasAny() || !more) rows.load();
}

function refuse({ file, folder }, message) {
  refused += 1;
  part("refused").hidden = false;
  part("refused-count").textContent = `${count(refused)} not added`;
  if (refused > MOST_REFUSED) return;
  const name = Object.assign(document.createElement("bdi"), { textContent: folder ? `${folder}/${file.name}` : file.name });
  const line = document.createElement("li");
  line.append(name, `: ${message}`);
  part("refused-files").append(line);
}

// Drawing, at most a few times a second

function soon() {
  drawing ||= setTimeout(draw, DRAWN_EVERY);
}

function draw() {
  drawing = 0;
  for (const item of changed) rows.draw(item);
  changed.clear();
  drawTotals();
  drawMoves();
}

function drawTotals() {
  const { totals } = queue;
  part("unreadable").hidden = !unreadable;
  part("unreadable").textContent = `${count(unreadable)} could not be read, so not added.`;
  if (!totals) return;
  part("tools").hidden = false;
  const saved = queue.unreported;
  const moving = [...queue.moving].reduce((sum, { loaded }) => sum + loaded, 0);
  const done = totals.savedBytes + saved.reduce((sum, { file }) => sum + file.size, 0) + moving;
  const bar = part("bar");
  [bar.max, bar.value] = [totals.bytes || 1, done];
  const figures = [`${number(totals.saved + saved.length)} of ${count(totals.files)} saved`, `${size(done)} of ${size(totals.bytes)}`];
  for (const badge of root.querySelectorAll("[data-upload-count]")) {
    badge.textContent = number(totals[badge.dataset.uploadCount === "all" ? "files" : badge.dataset.uploadCount] ?? 0);
  }
  part("figures").textContent = [...figures, ...(queue.isRunning && left ? [left] : [])].join(" · ");
}

setInterval(() => {
  if (!queue.isRunning) {
    pace.rest();
    return;
  }
  const speed = pace.measure(queue.moved);
  let bytes = 0;
  for (const { file, state, loaded } of queue.items.values()) if (UNDER_WAY.includes(state)) bytes += file.size - loaded;
  left = speed ? `${duration(bytes / speed)} left` : "";
  soon();
}, COUNTED_EVERY);

// A file that takes long is not taken for a forgotten one.
setInterval(() => {
  const files = [...queue.moving].map(({ id }) => ({ id, state: "sending", reason: "", status: 0 }));
  if (files.length) server.report(files).catch(() => {});
}, BEAT);

// Moves: those that can be made now. The focus goes on to one that can.

const MOVES = {
  pause: () => queue.pause(),
  resume: begin,
  stop: () => queue.stop(),
  retry: () => queue.retry(),
};

for (const [name, move] of Object.entries(MOVES)) part(name).addEventListener("click", move);

function drawMoves() {
  const isHalted = ["paused", "stopped", "held", "signed-out"].includes(queue.phase);
  const can = {
    pause: queue.isRunning,
    resume: isHalted && queue.hasMore,
    stop: queue.isRunning || queue.moving.size > 0,
    retry: !queue.isRunning && queue.retriable.length > 0,
  };
  const focused = document.activeElement;
  for (const name of Object.keys(MOVES)) part(name).hidden = !can[name];
  if (focused?.hidden && root.contains(focused)) {
    (part("moves").querySelector("button:not([hidden])") ?? part("phase")).focus({ preventScroll: true });
  }
}

// Words, once for each turn and not for each file

function words() {
  const { phase, message, totals } = queue;
  if (phase !== "done") return message || part("phase").getAttribute(`data-upload-${phase}`) || "";
  const others = ["failed", "unknown"].filter((state) => totals[state]).map((state) => `, ${number(totals[state])} ${state}`);
  return `${count(totals.saved)} saved${others.join("")}.`;
}

function speak() {
  const now = queue.phase === "done" && !queue.totals ? "" : words();
  if (now === spoken) return;
  spoken = now;
  part("phase").textContent = now;
  part("signed-out").hidden = queue.phase !== "signed-out";
  if (now) announce(now);
  if (["done", "stopped"].includes(queue.phase)) finish();
  else if (!queue.isRunning && queue.phase !== "signed-out") rows.load();
}

// The rows as the ledger has them, and what the page offers for the saved files.
async function finish() {
  await rows.load();
  window.htmx.ajax("GET", root.dataset.uploadUrl, { source: part("next"), target: part("next"), select: "#upload-next", swap: "outerHTML" });
}

// Coming back and leaving

async function comeBack() {
  if (queue.phase === "signed-out" && (await server.isSignedIn().catch(() => false))) begin();
}

// To be sent to the sign-in page is to lose what was chosen and breaks off what is sent.
root.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401 || !queue.hasMore) return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) comeBack(); });
window.addEventListener("focus", comeBack);
window.addEventListener("online", () => { if (queue.phase === "held" && !queue.message) begin(); });
window.addEventListener("beforeunload", (event) => { if (queue.moving.size) event.preventDefault(); });
window.addEventListener("pagehide", () => queue.leavePage());

if (drop) drop.hidden = false;
