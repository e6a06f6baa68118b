// Something that is asked again and again ([data-poll]; its delay comes with every answer): in a hidden tab it waits until
// somebody looks, and when the console itself did not answer it tries again, later and not for ever.

const AFTER_SILENCE = 30000;
const TRIES = 20;
const silences = new WeakMap();

document.addEventListener("htmx:confirm", (event) => {
  if (!document.hidden || !event.target.matches("[data-poll]")) return;
  event.preventDefault();
  document.addEventListener("visibilitychange", () => event.detail.issueRequest(), { once: true });
});

document.addEventListener("htmx:sendError", ({ target }) => {
  const tries = (silences.get(target) ?? 0) + 1;
  if (!target.matches("[data-poll]") || tries > TRIES) return;
  silences.set(target, tries);
  setTimeout(() => window.htmx.trigger(target, "again"), AFTER_SILENCE);
});
