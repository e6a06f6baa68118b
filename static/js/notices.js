// Notices at the corner: closed by their button; good news goes by itself unless someone is reading it; a repeated one
// replaces the earlier, so that a failing poll does not fill the page.

const STAYS = 8000;

export function start(notice) {
  const words = notice.querySelector(".notice-words").textContent;
  for (const other of notice.parentElement?.querySelectorAll("[data-notice]") ?? []) {
    if (other !== notice && other.querySelector(".notice-words").textContent === words) other.remove();
  }
  notice.querySelector("[data-dismiss]")?.addEventListener("click", () => notice.remove());
  if (notice.matches("[data-passing]")) setTimeout(() => leave(notice), STAYS);
}

function leave(notice) {
  if (notice.matches(":hover, :focus-within")) setTimeout(() => leave(notice), STAYS);
  else notice.remove();
}
