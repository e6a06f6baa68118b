// The items that a review run comes to: their steps stand in the page as templates, twenty at a time, each complete. Before
// they run out the next ones are read, and now and then the page asks which of them a colleague decided meanwhile.

const FEW = 5;
const CHECK_EVERY = 3000;
const HEADERS = { "HX-Request": "true", "X-Background": "true" };

const root = document.querySelector("[data-review]");
const pool = root?.querySelector("[data-pool]");

// How to get what stands behind the last template: "read", "take" or "end".
let behind = pool?.querySelector("[data-chunk]").dataset.behind;
let reading;
let checkedAt = Date.now();
let timer;

export const templates = () => [...pool.querySelectorAll("template[data-ahead]")];

export const passedOver = () => [...pool.querySelectorAll("template[data-passed-over]")];

export const templateOf = (id) => pool.querySelector(`template[data-ahead="${CSS.escape(id)}"]`);

export const isAtEnd = () => behind === "end";

// Reads the next twenty when few are left behind this place; true when there are more now.
export function readOn(place, { now = false } = {}) {
  const left = templates().filter((one) => one.dataset.place > place).length;
  if (behind === "end" || (left >= FEW && !now)) return Promise.resolve(false);
  reading ??= read().finally(() => { reading = undefined; });
  return reading;
}

async function read() {
  const last = templates().at(-1)?.dataset.ahead ?? root.querySelector("[data-step]:not([hidden])").dataset.step;
  const chunk = await ask(behind === "take" ? take(last) : get({ after: last }));
  if (!chunk) return false;
  behind = chunk.dataset.behind;
  return add(chunk);
}

const get = (query) => fetch(`${root.dataset.runUrl}?${new URLSearchParams(query)}`, { headers: HEADERS });

function take(last) {
  const body = new FormData(root.querySelector("[data-take]"));
  body.set("after", last);
  return fetch(root.dataset.runUrl, { method: "POST", headers: HEADERS, body });
}

// Only read: nothing in such a document loads or runs.
async function ask(question) {
  try {
    const answer = await question;
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-chunk]");
  } catch {
    return null;
  }
}

function add(chunk) {
  for (const one of chunk.querySelectorAll("template[data-passed-over]")) {
    const { passedOver: id } = one.dataset;
    if (!pool.querySelector(`template[data-passed-over="${CSS.escape(id)}"]`)) pool.append(one);
    templateOf(id)?.remove();
  }
  const fresh = [...chunk.querySelectorAll("template[data-ahead]")].filter((one) => !templateOf(one.dataset.ahead));
  pool.append(...fresh);
  return fresh.length > 0;
}

// Asks at most every few seconds, however quickly somebody decides; `then` hears that the answer is here.
export function check(id, then) {
  clearTimeout(timer);
  const wait = Math.max(0, checkedAt + CHECK_EVERY - Date.now());
  timer = setTimeout(async () => {
    checkedAt = Date.now();
    const chunk = await ask(get({ check: id }));
    if (!chunk) return;
    add(chunk);
    then();
  }, wait);
}
