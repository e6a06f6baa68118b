// A picture that does not come: signed links age, so this is an everyday thing. Those of a list age together, and one question
// (data-renew-page) brings all of them afresh; one that stands alone asks for itself (data-renew-url). What fails again so soon
// leaves a quiet tile in its place, and a press on it tries once more (data-again-url).

const FRESH = 30000;
const pages = new Map();
const renewed = new WeakMap();
const started = new WeakSet();

// A picture that is put back into the page is started once.
export function start(picture) {
  if (started.has(picture)) return;
  started.add(picture);
  if (picture.complete && picture.naturalWidth === 0 && picture.currentSrc) fail(picture);
  else picture.addEventListener("error", () => fail(picture), { once: true });
}

function fail(picture) {
  const { renewPage, renewUrl } = picture.dataset;
  if (renewPage && !isFresh(renewed.get(picture))) together(picture);
  else if (renewUrl) window.htmx.ajax("GET", renewUrl, { source: picture, target: picture, swap: "outerHTML" });
  else giveUp(picture);
}

const isFresh = (since) => Date.now() - since < FRESH;

async function together(picture) {
  const { reason, fresh } = await page(picture.dataset.renewPage);
  const found = fresh?.get(picture.dataset.renewKey)?.cloneNode(true);
  if (!found) {
    giveUp(picture, reason);
    return;
  }
  renewed.set(found, Date.now());
  picture.replaceWith(found);
  start(found);
}

// Asked once, however many pictures of the page fail meanwhile.
function page(address) {
  if (!isFresh(pages.get(address)?.since)) pages.set(address, { since: Date.now(), answer: ask(address) });
  return pages.get(address).answer;
}

async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    // Only read: nothing in such a document loads or runs.
    const content = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
    const inside = [content, ...[...content.querySelectorAll("template")].map((one) => one.content)];
    const pictures = inside.flatMap((one) => [...one.querySelectorAll("[data-renew-key]")]);
    return {
      reason: content.querySelector("[data-reason]")?.textContent,
      fresh: new Map(pictures.map((one) => [one.dataset.renewKey, one])),
    };
  } catch {
    return {};
  }
}

function giveUp(picture, reason) {
  const copy = document.getElementById("failed-picture").content.cloneNode(true);
  const tile = copy.firstElementChild;
  const button = tile.querySelector("button");
  if (reason) tile.querySelector("[data-words]").textContent = reason;
  if (picture.dataset.againUrl) button.setAttribute("hx-get", picture.dataset.againUrl);
  else button.remove();
  picture.replaceWith(copy);
  window.htmx?.process(tile);
}
