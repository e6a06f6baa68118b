// Selecting several rows of an order by their tick boxes, with Shift a range of them, and what is then done with all.

import { rangeBetween } from "./range-selection.js";

export function selecting(board) {
  let last = null;

  const select = (row, on) => {
    board.selected[on ? "add" : "delete"](row);
    row.classList.toggle("is-selected", on);
    const box = row.querySelector("[data-pick]");
    if (box) box.checked = on;
    board.find("selected-rows").hidden = !board.selected.size;
    board.find("selected-words").textContent = `${board.selected.size} selected`;
  };

  board.list.addEventListener("click", ({ target, shiftKey }) => {
    if (!target.matches("[data-pick]")) return;
    const row = target.closest(".row");
    const rows = shiftKey ? rangeBetween(board.shown(), last, row) : [row];
    rows.forEach((one) => select(one, target.checked));
    last = row;
  });

  const acts = {
    clear: () => [...board.selected].forEach((row) => select(row, false)),
    to: (first) => board.ask(first),
    top: (first) => board.move(first, "top"),
    bottom: (first) => board.move(first, "bottom"),
  };
  for (const button of board.root.querySelectorAll("[data-group]")) {
    button.addEventListener("click", () => acts[button.dataset.group](board.rows().find((row) => board.selected.has(row))));
  }
}
