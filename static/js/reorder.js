// The order of batches ([data-reorder]): rows move by dragging, buttons, keys or a typed position. Each row carries its own
// hidden field, so what Save sends is simply the order the rows stand in. One listener serves all rows, and rows get their
// buttons as they come near, so that two thousand of them stay quick.

import { sentence } from "./reorder-words.js";
import { say } from "./say.js";
import { drag } from "./reorder-drag.js";
import { keys } from "./reorder-keys.js";

const AT_ONCE = 60;
const MOVES = { up: "Move up", down: "Move down", top: "Move to the top", bottom: "Move to the bottom", to: "Move to position…" };

let latest = null;

export function start(root) {
  const list = root.querySelector("[data-list]");
  if (!list || root.board) return;
  const board = new Board(root, list);
  root.board = board;
  drag(board);
  keys(board);
  board.goOn(latest);
  latest = board;
}

class Board {
  constructor(root, list) {
    Object.assign(this, { root, list, form: root.querySelector("form#order-form"), selected: new Set(), sent: new Set(), equipped: new WeakSet() });
    this.base = this.rows().map((row) => row.dataset.id);
    this.byId = new Map(this.rows().map((row) => [row.dataset.id, row]));
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.equipNearRows();
    list.addEventListener("click", (event) => this.pressed(event));
    // The tick boxes are no input of the form: nothing is unsaved because of them.
    list.addEventListener("input", (event) => event.stopPropagation());
    list.addEventListener("change", ({ target }) => target.matches("[data-pick]") && this.select(target.closest(".row"), target.checked));
    this.wireTools();
    this.wireForm();
  }

  rows() { return [...this.list.children]; }
  shown() { return this.rows().filter((row) => this.isShown(row)); }
  isShown(row) { return !row.classList.contains("is-out") && !(this.list.classList.contains("is-folded") && row.classList.contains("is-finished")); }
  name(row) { return row.querySelector("[data-name]").textContent.trim(); }
  ids() { return this.rows().map((row) => row.dataset.id); }
  rank(row) { return this.rows().indexOf(row) + 1; }
  group(row) { return this.selected.has(row) ? this.rows().filter((one) => this.selected.has(one)) : [row]; }
  get filtered() { return this.list.classList.contains("is-filtered"); }

  // Rows and their controls

  equipNearRows() {
    this.rows().slice(0, AT_ONCE).forEach((row) => this.equip(row));
    // The browser says which rows it begins to lay out (content-visibility); whoever tabs or jumps further is met there.
    this.list.addEventListener("contentvisibilityautostatechange", ({ target, skipped }) => {
      if (!skipped && target.matches(".row")) this.equip(target);
    }, true);
    this.list.addEventListener("focusin", ({ target }) => this.equip(target.closest(".row")));
  }

  equip(row) {
    if (this.equipped.has(row)) return;
    this.equipped.add(row);
    const [grip, moves] = this.root.querySelector("[data-controls]").content.cloneNode(true).children;
    const name = this.name(row);
    grip.firstElementChild.setAttribute("aria-label", `Select ${name}`);
    grip.firstElementChild.checked = this.selected.has(row);
    grip.lastElementChild.setAttribute("aria-label", `Move ${name}`);
    for (const button of moves.children) {
      button.setAttribute("aria-label", `${MOVES[button.dataset.move]}: ${name}`);
      button.title = MOVES[button.dataset.move];
    }
    row.prepend(grip);
    row.append(moves);
  }

  // Moving

  // Puts some rows, as a block, before another one (or at the end), and keeps the focus where it is.
  place(rows, before) {
    const focused = document.activeElement;
    this.moving = true;
    for (const row of rows) this.list.insertBefore(row, before);
    this.moving = false;
    if (focused && focused !== document.activeElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
    this.changed();
  }

  move(row, how) {
    const rows = this.group(row);
    const others = this.rows().filter((one) => !rows.includes(one));
    const visible = others.filter((one) => this.isShown(one));
    const above = (one) => rows[0].compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING;
    if (how === "top") this.place(rows, others[0] ?? null);
    if (how === "bottom") this.place(rows, null);
    if (how === "up") this.place(rows, visible.findLast(above) ?? others[0] ?? null);
    if (how === "down") {
      const last = rows.at(-1);
      const below = visible.find((one) => last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
      this.place(rows, below ? below.nextElementSibling : null);
    }
    this.moved(row, rows);
  }

  moveTo(row, position) {
    const rows = this.group(row);
    const others = this.rows().filter((one) => !rows.includes(one));
    this.place(rows, others[Math.min(Math.max(position - 1, 0), others.length)] ?? null);
    this.moved(row, rows);
  }

  moved(row, rows) {
    this.equip(row);
    row.scrollIntoView({ block: "nearest" });
    say(this.whereIs(row, rows));
  }

  whereIs(row, rows = this.group(row)) {
    const total = this.list.children.length.toLocaleString("en");
    const who = rows.length > 1 ? `${rows.length} batches` : this.name(row);
    return `${who}, now ${this.rank(rows[0]).toLocaleString("en")} of ${total}`;
  }

  pressed(event) {
    const row = event.target.closest(".row");
    const how = event.target.closest("[data-move]")?.dataset.move;
    if (event.target.matches("[data-pick]") && event.shiftKey && this.lastPicked) this.selectRange(this.lastPicked, row, event.target.checked);
    if (event.target.matches("[data-pick]")) this.lastPicked = row;
    if (how === "to") this.ask(row);
    else if (how && !(this.filtered && (how === "up" || how === "down"))) this.move(row, how);
  }

  ask(row) {
    const dialog = this.root.querySelector("dialog");
    const rows = this.group(row);
    const field = dialog.querySelector("input");
    dialog.querySelector("[data-to-title]").textContent = rows.length > 1 ? `Move ${rows.length} batches` : `Move ${this.name(row)}`;
    field.value = this.rank(row);
    const back = document.activeElement;
    dialog.returnValue = "";
    dialog.showModal();
    field.select();
    dialog.onclose = () => {
      if (dialog.returnValue === "move") this.moveTo(row, Number(field.value));
      back.focus({ preventScroll: true });
    };
  }

  // Selecting several

  select(row, on) {
    this.selected[on ? "add" : "delete"](row);
    row.classList.toggle("is-selected", on);
    const box = row.querySelector("[data-pick]");
    if (box) box.checked = on;
    this.find("selection").hidden = !this.selected.size;
    this.find("selected-words").textContent = `${this.selected.size} selected`;
  }

  selectRange(from, to, on) {
    const rows = this.shown();
    const [first, last] = [rows.indexOf(from), rows.indexOf(to)].sort((one, other) => one - other);
    rows.slice(first, last + 1).forEach((row) => this.select(row, on));
  }

  // What changed

  changed() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.show());
  }

  show() {
    const rows = this.rows();
    const { pieces, moved } = sentence(this.base, rows.map((row) => row.dataset.id), (id) => this.name(this.byId.get(id)));
    rows.forEach((row, at) => {
      const shown = row.rankNode ??= row.querySelector(".row-rank").firstChild;
      if (shown.data !== String(at + 1)) shown.data = String(at + 1);
      row.classList.toggle("is-moved", moved.has(row.dataset.id));
    });
    this.find("bar").hidden = !pieces.length;
    this.find("sentence").replaceChildren(...pieces.map((piece) => {
      if (typeof piece === "string") return piece;
      const name = document.createElement("em");
      name.append(document.createElement("bdi"));
      name.firstChild.textContent = piece.name;
      return name;
    }));
    this.form.dataset.unsaved = pieces.length ? "yes" : "";
    const undo = this.find("undo");
    if (undo) {
      undo.disabled = pieces.length > 0;
      undo.title = pieces.length ? "Save or discard what you moved first" : "";
    }
  }

  restore(ids) {
    this.place(ids.map((id) => this.byId.get(id)), null);
  }

  // What was moved after Save was pressed, before its end was known, is still there and unsaved once it is known.
  goOn(before) {
    if (before?.sent.has(this.base.join()) && before.ids().join() !== this.base.join()) this.restore(before.ids());
  }

  wireForm() {
    this.find("discard")?.addEventListener("click", () => {
      this.restore(this.base);
      this.list.querySelector("[data-handle]")?.focus();
      say("Discarded: the order is as it was.");
    });
    // The number boxes are for use without script; here the rows themselves say the order.
    this.form.addEventListener("formdata", ({ formData }) => formData.delete("place"));
    this.form.addEventListener("htmx:beforeRequest", (event) => event.target === this.form && this.sent.add(this.ids().join()));
    // A save that failed leaves everything as it was, and still unsaved.
    this.form.addEventListener("htmx:afterRequest", (event) => { if (event.target === this.form && this.form.isConnected) this.show(); });
  }

  wireTools() {
    for (const button of this.root.querySelectorAll("[data-group]")) {
      button.addEventListener("click", () => {
        const [first] = this.rows().filter((row) => this.selected.has(row));
        if (button.dataset.group === "clear") [...this.selected].forEach((row) => this.select(row, false));
        else if (button.dataset.group === "to") this.ask(first);
        else this.move(first, button.dataset.group);
      });
    }
    const fold = this.find("fold");
    fold?.addEventListener("click", (event) => {
      event.preventDefault();
      const folded = this.list.classList.toggle("is-folded");
      fold.textContent = folded ? fold.dataset.show : fold.dataset.hide;
      history.replaceState(history.state, "", folded ? "?finished=fold" : "?finished=show");
    });
    const filter = this.find("filter");
    filter.addEventListener("input", (event) => { event.stopPropagation(); this.filter(filter.value); });
    filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }

  filter(text) {
    const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of this.list.children) {
      row.searchText ??= `${this.name(row)} #${row.dataset.id}`.toLocaleLowerCase();
      const out = words.some((word) => !row.searchText.includes(word));
      row.classList.toggle("is-out", out);
      if (!out) count += 1;
    }
    this.list.classList.toggle("is-filtered", words.length > 0);
    const note = this.find("filter-note");
    note.hidden = !words.length;
    note.textContent = words.length ? `${count} of ${this.list.children.length} shown. Dragging and single steps are off while you filter, because the batches between are not in sight; top, bottom and position work.` : "";
    if (words.length) say(`${count} batches match`);
  }
}
