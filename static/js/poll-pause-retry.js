// Pauses and retries polls ([data-poll]). htmx sends them; the delay comes from the server with every answer
// (console/common/polling.py). In a hidden tab a poll waits until the tab is visible. When the console does not answer, the poll
// is sent again after 30 seconds, at most 20 times.

const RETRY_DELAY = 30000;
const MAX_RETRIES = 20;
const retryCounts = new WeakMap();

document.addEventListener("htmx:confirm", (event) => {
  if (!document.hidden || !event.target.matches("[data-poll]")) return;
  event.preventDefault();
  document.addEventListener("visibilitychange", () => event.detail.issueRequest(), { once: true });
});

document.addEventListener("htmx:sendError", ({ target }) => {
  const retries = (retryCounts.get(target) ?? 0) + 1;
  if (!target.matches("[data-poll]") || retries > MAX_RETRIES) return;
  retryCounts.set(target, retries);
  setTimeout(() => window.htmx.trigger(target, "again"), RETRY_DELAY);
});
