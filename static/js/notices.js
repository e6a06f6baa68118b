// Notices at the corner: closed by their button; good news goes by itself unless someone is reading it; a repeated one
// replaces the earlier, so that a failing poll does not fill the page.

const STAYS = 8000;

export function start(notice) {
  for (const other of notice.parentElement?.querySelectorAll("[data-notice]") ?? []) {
    if (other !== notice && words(other) === words(notice)) other.remove();
  }
  if (notice.matches("[data-passing]")) setTimeout(() => leave(notice), STAYS);
}

export function press(button) {
  close(button.closest("[data-notice]"));
}

// A focus that was within goes on to the next one, else to the page, instead of nowhere.
export function close(notice) {
  const next = notice.nextElementSibling ?? notice.previousElementSibling;
  const within = notice.contains(document.activeElement);
  notice.remove();
  if (within) (next?.querySelector("[data-dismiss]") ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

// The reference differs each time and does not count.
function words(notice) {
  return [...notice.querySelectorAll(".notice-words > :not(.notice-reference)")].map((part) => part.textContent).join();
}

function leave(notice) {
  if (notice.matches(":hover, :focus-within")) setTimeout(() => leave(notice), STAYS);
  else notice.remove();
}
