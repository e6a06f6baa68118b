// An order that was made and not saved outlives what takes the page away: a session that ended, a key to be replaced, a
// reload, a colleague's order that was kept. It stays in this tab, for this person and project, until it is saved or
// discarded. Nothing but ids is kept.

import { say } from "./say.js";

export function draft(board) {
  const key = `order:${board.root.dataset.reorder}`;
  const bar = board.find("draft");
  const kept = read(key);
  const put = () => { bar.hidden = true; board.restore(kept.ids); };
  const forget = () => { bar.hidden = true; sessionStorage.removeItem(key); };

  board.find("draft-put").addEventListener("click", () => { put(); board.list.querySelector("[data-handle]").focus(); });
  board.find("draft-forget").addEventListener("click", () => { forget(); board.list.querySelector("[data-handle]").focus(); });
  if (kept && (board.root.hasAttribute("data-said") || kept.ids.join() === board.base.join())) forget();
  else if (kept && fits(kept.ids, board.base)) {
    if (kept.base.join() !== board.base.join()) bar.hidden = false;
    else {
      put();
      say("What you moved before is here again, not saved yet.");
    }
  }
  board.keep = (ids, unsaved) => {
    if (unsaved) sessionStorage.setItem(key, JSON.stringify({ base: board.base, ids }));
    else if (bar.hidden) sessionStorage.removeItem(key);
  };
}

function fits(ids, base) {
  const here = new Set(base);
  return ids.length === base.length && ids.every((id) => here.has(id)) && new Set(ids).size === ids.length;
}

function read(key) {
  try {
    const { base, ids } = JSON.parse(sessionStorage.getItem(key));
    return Array.isArray(base) && Array.isArray(ids) ? { base, ids } : null;
  } catch {
    return null;
  }
}
