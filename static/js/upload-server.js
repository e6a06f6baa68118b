// What the ledger at the console is asked and told. A session can end meanwhile; whoever signs in again, in another tab, has
// a new token, which is read from a page.

const SECONDS = 30;
const token = () => document.querySelector("[name=csrfmiddlewaretoken]");

// `message` is the console's sentence, "" where it gave none; `isFinal` where asking again is of no use.
export class Refused extends Error {
  constructor({ message = "", retryIn = null, needsSignIn = false, isFinal = false }) {
    super(message);
    Object.assign(this, { retryIn, needsSignIn, isFinal });
  }
}

export function ledger(urls) {
  const ask = (url, body, keepalive = false) => post(url, body, { keepalive, pageUrl: urls.uploadNewUrl });
  return {
    add: (files) => ask(urls.uploadAddUrl, { files, space: urls.uploadSpace }),
    links: (ids, again = false) => ask(urls.uploadLinksUrl, { files: ids, again }),
    report: (files, keepalive) => ask(urls.uploadReportUrl, { files }, keepalive),
    check: (id) => ask(urls.uploadCheckUrl, { file: id }),
    isSignedIn: () => renewToken(urls.uploadNewUrl),
  };
}

async function post(url, body, { keepalive, pageUrl, isAgain = false }) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token().value };
  const how = { method: "POST", headers, body: JSON.stringify(body), redirect: "manual", keepalive };
  const answer = await reach(url, how);
  const data = await answer.json().catch(() => null);
  if (answer.ok && data) return data;
  // The token belongs to an earlier session.
  if (answer.status === 403 && data?.expired && !isAgain && (await renewToken(pageUrl))) {
    return post(url, body, { keepalive, pageUrl, isAgain: true });
  }
  throw refusal(answer, data);
}

async function reach(url, how) {
  let answer;
  try {
    answer = await fetch(url, { ...how, signal: AbortSignal.timeout(SECONDS * 1000) });
  } catch {
    throw new Refused({});
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Refused({ needsSignIn: true });
  return answer;
}

function refusal({ status }, data) {
  if (data) return new Refused({ ...data, isFinal: status < 500 && (data.retryIn ?? null) === null });
  if (status === 404) return new Refused({ message: "This upload is not yours any more.", isFinal: true });
  if (status === 403) return new Refused({ message: "You don't have access to uploads any more.", isFinal: true });
  return new Refused({});
}

async function renewToken(pageUrl) {
  const answer = await reach(pageUrl, { redirect: "manual" });
  if (!answer.ok) return false;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[name=csrfmiddlewaretoken]");
  if (!found) return false;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = found.value;
  return true;
}
