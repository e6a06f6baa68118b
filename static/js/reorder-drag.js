// Dragging rows by their handle, with mouse or finger. SortableJS moves the row; if it is one of several selected, the
// others join it where it is dropped.

const ANIMATED = 60;

export function drag(board) {
  const { list } = board;
  board.sortable = new window.Sortable(list, {
    handle: "[data-handle]",
    draggable: ".row",
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: 3,
    delay: 80,
    delayOnTouchOnly: true,
    touchStartThreshold: 4,
    scrollSensitivity: 90,
    scrollSpeed: 24,
    // Animating measures every row at every step, which long lists feel.
    animation: list.children.length > ANIMATED ? 0 : 120,
    // Several rows keep their order among each other, whichever of them was taken and wherever it went.
    onStart: ({ item }) => { board.together = board.group(item); },
    onEnd: ({ item }) => dropped(board, item),
  });
  // A drag leaves style attributes behind, which a swap would copy and the page's policy refuse.
  board.root.addEventListener("htmx:beforeSwap", () => {
    for (const element of board.root.querySelectorAll("[style]")) element.removeAttribute("style");
  });
  // While filtered the rows between are out of sight, so nobody could say where a row was dropped.
  list.addEventListener("pointerdown", () => board.sortable.option("disabled", board.filtered), true);
}

function dropped(board, item) {
  const rows = board.together;
  if (rows.length > 1) {
    const before = rows.slice(0, rows.indexOf(item));
    const after = rows.slice(rows.indexOf(item) + 1);
    for (const row of before) board.list.insertBefore(row, item);
    for (const row of after.reverse()) board.list.insertBefore(row, item.nextElementSibling);
  }
  board.putFinishedBack();
  board.changed();
  item.querySelector("[data-handle]").focus({ preventScroll: true });
  board.moved(item, rows);
}
