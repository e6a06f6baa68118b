// Moving rows by keyboard, on the handle: Space picks a row up, arrows, Home and End move it, Space drops it, Escape puts
// it back. Without picking up, the arrows go from handle to handle.

import { announce } from "./announce.js";

const STEPS = { ArrowUp: "up", ArrowDown: "down", Home: "top", End: "bottom" };

export function keys(board) {
  let held = null;

  const release = (words) => {
    held.row.classList.remove("is-held");
    held.row.querySelector("[data-handle]").setAttribute("aria-pressed", "false");
    held = null;
    if (words) announce(words);
  };

  const pick = (row) => {
    if (board.filtered) return announce("Moving by steps is off while you filter.");
    held = { row, ids: board.ids() };
    row.classList.add("is-held");
    row.querySelector("[data-handle]").setAttribute("aria-pressed", "true");
    return announce(`${board.whereIs(row).replace(", now", " picked up,")}. Arrows move, Space drops, Escape puts back.`);
  };

  const putBack = () => {
    const { row, ids } = held;
    board.restore(ids);
    row.scrollIntoView({ block: "nearest" });
    release(`Put back: ${board.whereIs(row)}`);
  };

  const step = (row, key) => {
    if (held) return board.move(row, STEPS[key]);
    const rows = board.shown();
    const next = { ArrowUp: rows[rows.indexOf(row) - 1], ArrowDown: rows[rows.indexOf(row) + 1], Home: rows[0], End: rows.at(-1) }[key];
    if (!next) return undefined;
    board.equip(next);
    return next.querySelector("[data-handle]").focus();
  };

  board.list.addEventListener("keydown", (event) => {
    // Browsers send the whole form when Enter is pressed on a tick box.
    if (event.key === "Enter" && event.target.matches("[data-pick]")) event.preventDefault();
    if (!event.target.matches("[data-handle]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest(".row");
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (held) release(`Dropped: ${board.whereIs(row)}`);
      else pick(row);
    } else if (event.key === "Escape" && held) {
      event.preventDefault();
      putBack();
    } else if (event.key in STEPS) {
      event.preventDefault();
      step(row, event.key);
    }
  });

  // Going elsewhere drops the row where it is; being moved is not going elsewhere.
  board.list.addEventListener("focusout", () => {
    if (held && !board.moving) setTimeout(() => { if (held && !held.row.contains(document.activeElement)) release(""); });
  });
}
