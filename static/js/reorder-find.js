// Finding batches in a long order, and folding finished ones away. While rows are filtered out, nobody could say between
// which ones a row was dropped, so moving by steps is off then and the page says why.

import { announce } from "./announce.js";

export function finding(board) {
  const { list } = board;
  const [field, note, fold] = ["filter", "filter-note", "fold"].map(board.find);

  const filter = (text) => {
    const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of list.children) {
      row.searchText ??= `${board.name(row)} #${row.dataset.id}`.toLocaleLowerCase();
      const out = words.some((word) => !row.searchText.includes(word));
      row.classList.toggle("is-out", out);
      if (!out) count += 1;
    }
    list.classList.toggle("is-filtered", words.length > 0);
    note.hidden = !words.length;
    note.textContent = words.length ? `${count} of ${list.children.length} shown. ${note.dataset.filterNote}` : "";
    if (words.length) announce(`${count} ${count === 1 ? "batch matches" : "batches match"}`);
  };

  field.addEventListener("input", () => filter(field.value));
  fold?.addEventListener("click", (event) => {
    event.preventDefault();
    const folded = list.classList.toggle("is-folded");
    fold.textContent = folded ? fold.dataset.show : fold.dataset.hide;
    history.replaceState(history.state, "", folded ? "?finished=fold" : "?finished=show");
  });
  // Typed before this was here, or put back by the browser.
  if (field.value) filter(field.value);
}
