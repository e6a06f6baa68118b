// Something that is asked again and again ([data-poll]; its delay comes with every answer): in a hidden tab it waits until
// somebody looks, and when the console itself did not answer it tries again, later and not for ever.

const AFTER_SILENCE = 30000;
const TRIES = 20;

export function start(element) {
  let tries = 0;
  element.addEventListener("htmx:confirm", (event) => {
    if (event.target !== element || !document.hidden) return;
    event.preventDefault();
    document.addEventListener("visibilitychange", () => event.detail.issueRequest(), { once: true });
  });
  element.addEventListener("htmx:sendError", () => {
    tries += 1;
    if (tries < TRIES) setTimeout(() => window.htmx.trigger(element, "again"), AFTER_SILENCE);
  });
}
