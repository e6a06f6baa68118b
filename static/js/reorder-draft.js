// An order that was made and not saved outlives what takes the page away: a session that ended, a key to be replaced, a
// reload, a colleague's order that was kept. It stays in this tab, for this person and project, until it is saved or
// discarded. Nothing but ids is kept.

import { announce } from "./announce.js";

export function draft(board) {
  const key = `order:${board.root.dataset.reorder}`;
  const bar = board.find("draft");
  const kept = read(key);
  let current = null; // what stands unsaved here
  let offered = null; // an older one, made to another order than the one that is here now

  const store = () => {
    const newest = current && offered ? { ...current, older: offered } : current ?? offered;
    if (newest) sessionStorage.setItem(key, JSON.stringify(newest));
    else sessionStorage.removeItem(key);
  };
  const offer = (one) => { offered = one; bar.hidden = !one; };
  const isHere = (one) => one.base.join() === board.base.join();
  // Sent before signing in again, and brought back by the server.
  const sent = { base: board.base, ids: board.root.dataset.typedOrder?.split(",") };
  const usable = [sent, kept, kept?.older].filter((one) => isOrder(one) && fits(one.ids, board.base));

  board.find("draft-put").addEventListener("click", () => {
    const { ids } = offered;
    offer(null);
    board.restore(ids);
    board.list.querySelector("[data-handle]").focus();
  });
  board.find("draft-forget").addEventListener("click", () => {
    offer(null);
    store();
    board.list.querySelector("[data-handle]").focus();
  });
  board.keep = (ids, unsaved) => {
    current = unsaved ? { base: board.base, ids } : null;
    store();
  };
  if (board.root.hasAttribute("data-said")) store();
  else {
    offer(usable.find((one) => !isHere(one)) ?? null);
    const mine = usable.find(isHere);
    if (mine) {
      board.restore(mine.ids);
      announce("What you moved before is here again, not saved yet.");
    } else if (kept && !offered) store();
  }
}

// Of the same batches, and not what the order is already.
function fits(ids, base) {
  const here = new Set(base);
  const same = ids.length === base.length && ids.every((id) => here.has(id)) && new Set(ids).size === ids.length;
  return same && ids.join() !== base.join();
}

function isOrder(one) {
  return Array.isArray(one?.base) && Array.isArray(one?.ids);
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
