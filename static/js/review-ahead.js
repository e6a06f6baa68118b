// What a review run comes to. The steps of the coming items stand in the page as templates, twenty at a time; before they run
// out the next ones are read, and now and then the page asks which of them a colleague decided meanwhile.

const FEW = 5;
const CHECK_EVERY = 3000;
export const HEADERS = { "HX-Request": "true", "X-Background": "true" };

const root = document.querySelector("[data-review]");
const pool = root.querySelector("[data-pool]");

// How to get what stands behind the last template: "read", "take" (the next hundred) or "end".
let { behind } = pool.querySelector("[data-chunk]").dataset;
let reading;
let checkedAt = Date.now();
let timer;

const templates = () => [...pool.querySelectorAll("template[data-ahead]")];

export const templateOf = (id) => pool.querySelector(`template[data-ahead="${CSS.escape(id)}"]`);

export const idsBehind = (place) => templates().filter((one) => one.dataset.place > place).map((one) => one.dataset.ahead);

export const isPassedOver = (id) => Boolean(pool.querySelector(`template[data-passed-over="${CSS.escape(id)}"]`));

// What is left out on the way from one place to another, the first one included: a colleague can be faster with what is shown.
export const passedBetween = (from, to) =>
  [...pool.querySelectorAll("template[data-passed-over]")].filter(({ dataset }) => dataset.place >= from && dataset.place < to);

export const isAtEnd = () => behind === "end";

// Reads the next twenty when few are left behind this place; true when there are more now.
export async function readOn(place, { few = FEW } = {}) {
  if (isAtEnd() || idsBehind(place).length >= few) return false;
  reading ??= read().finally(() => { reading = undefined; });
  return reading;
}

async function read() {
  const last = templates().at(-1)?.dataset.ahead ?? root.querySelector("[data-step]").dataset.step;
  const chunk = (await ask(behind === "take" ? take(last) : get({ after: last })))?.querySelector("[data-chunk]");
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

// Only read: nothing in such a document loads or runs. Nothing where no answer came.
export async function ask(question) {
  try {
    const answer = await question;
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

function add(chunk) {
  for (const one of chunk.querySelectorAll("template[data-passed-over]")) {
    if (!isPassedOver(one.dataset.passedOver)) pool.append(one);
    templateOf(one.dataset.passedOver)?.remove();
  }
  const fresh = [...chunk.querySelectorAll("template[data-ahead]")].filter((one) => !templateOf(one.dataset.ahead));
  pool.append(...fresh);
  return fresh.length > 0;
}

// Asks at most every few seconds, however quickly somebody decides; `then` hears that the answer is here.
export function check(id, then) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    checkedAt = Date.now();
    const chunk = (await ask(get({ check: id })))?.querySelector("[data-chunk]");
    if (!chunk) return;
    add(chunk);
    then();
  }, Math.max(0, checkedAt + CHECK_EVERY - Date.now()));
}
