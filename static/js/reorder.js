// The order of batches ([data-reorder]): rows move by dragging, buttons, keys or a typed position. Each row carries its own
// hidden field, so what Save sends is simply the order the rows stand in. Ranks count open batches; finished ones keep
// their place and can't be moved. One listener serves all rows, and rows get their
// buttons as they come near, so that two thousand of them stay quick.

import { sentence } from "./reorder-words.js";
import { announce } from "./announce.js";
import { drag } from "./reorder-drag.js";
import { draft } from "./reorder-draft.js";
import { finding } from "./reorder-find.js";
import { keys } from "./reorder-keys.js";
import { selecting } from "./reorder-select.js";
// No row can be moved before leaving the page can be warned of.
import "./unsaved.js";

const AT_ONCE = 60;
const MOVES = { up: "Move up", down: "Move down", top: "Move to the top", bottom: "Move to the bottom", to: "Move to position…" };

let latest = null;

export function start(root) {
  const list = root.querySelector("[data-list]");
  if (!list || root.board) return;
  // Who may not change the order can still look something up in it.
  if (!root.querySelector("[data-controls]")) {
    finding({ list, find: finder(root), name: nameOf });
    return;
  }
  const board = new Board(root, list);
  root.board = board;
  for (const behaviour of [selecting, finding, drag, keys, draft]) behaviour(board);
  board.goOn(latest);
  latest = board;
}

const finder = (root) => (name) => root.querySelector(`[data-${name}]`);
// Leaves of some controls nothing but the room they take.
function disarm(part) {
  part.inert = true;
  for (const { dataset } of part.children) for (const name of ["pick", "handle", "move"]) delete dataset[name];
}

const isFinished = (row) => row.classList.contains("is-finished");
const nameOf = (row) => row.querySelector("[data-name]").textContent.trim();

class Board {
  constructor(root, list) {
    Object.assign(this, { root, list, form: root.querySelector("form#order-form"), selected: new Set(), sent: new Set(), equipped: new WeakSet() });
    this.base = this.rows().map((row) => row.dataset.id);
    this.openBase = this.open().map((row) => row.dataset.id);
    this.byId = new Map(this.rows().map((row) => [row.dataset.id, row]));
    this.fixed = this.rows().map((row, place) => [place, row]).filter(([, row]) => isFinished(row));
    this.find = finder(root);
    this.equipNearRows();
    list.addEventListener("click", (event) => this.pressed(event));
    this.wireForm();
  }

  rows() { return [...this.list.children]; }
  open() { return this.rows().filter((row) => !isFinished(row)); }
  shown() { return this.open().filter((row) => this.isShown(row)); }
  isShown(row) { return !row.classList.contains("is-out"); }
  name(row) { return nameOf(row); }
  ids() { return this.rows().map((row) => row.dataset.id); }
  rank(row) { return this.open().indexOf(row) + 1; }
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
    if (isFinished(row)) [grip, moves].forEach(disarm);
  }

  // Moving

  // Puts some rows, as a block, before another one (or at the end), and keeps the focus where it is.
  place(rows, before) {
    const focused = document.activeElement;
    this.moving = true;
    for (const row of rows) this.list.insertBefore(row, before);
    this.putFinishedBack();
    this.moving = false;
    if (focused && focused !== document.activeElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
    this.changed();
  }

  // Whatever moved, a finished batch stands where it stood, so that every way of moving gives the same order.
  putFinishedBack() {
    const now = this.list.children;
    if (this.fixed.every(([place, row]) => now[place] === row)) return;
    for (const [, row] of this.fixed) row.remove();
    for (const [place, row] of this.fixed) this.list.insertBefore(row, now[place] ?? null);
  }

  move(row, how) {
    const rows = this.group(row);
    const others = this.open().filter((one) => !rows.includes(one));
    const above = (one) => rows[0].compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING;
    if (how === "top") this.place(rows, others[0] ?? null);
    if (how === "bottom") this.place(rows, null);
    if (how === "up") this.place(rows, others.findLast(above) ?? others[0] ?? null);
    if (how === "down") {
      const last = rows.at(-1);
      const below = others.find((one) => last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
      this.place(rows, below ? below.nextElementSibling : null);
    }
    this.moved(row, rows);
  }

  moveTo(row, position) {
    const rows = this.group(row);
    const others = this.open().filter((one) => !rows.includes(one));
    this.place(rows, others[Math.min(Math.max(position - 1, 0), others.length)] ?? null);
    this.moved(row, rows);
  }

  moved(row, rows) {
    this.equip(row);
    row.scrollIntoView({ block: "nearest" });
    announce(this.whereIs(row, rows));
  }

  whereIs(row, rows = this.group(row)) {
    const total = this.open().length.toLocaleString("en");
    const who = rows.length > 1 ? `${rows.length} batches` : this.name(row);
    return `${who}, now ${this.rank(rows[0]).toLocaleString("en")} of ${total}`;
  }

  pressed(event) {
    const row = event.target.closest(".row");
    const how = event.target.closest("[data-move]")?.dataset.move;
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

  // What changed

  changed() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.show());
  }

  show() {
    const rows = this.open();
    const { pieces, moved } = sentence(this.openBase, rows.map((row) => row.dataset.id), (id) => this.name(this.byId.get(id)));
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
    this.keep(this.ids(), pieces.length > 0);
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
      announce("Discarded: the order is as it was.");
    });
    // The number boxes are for use without script; here the rows themselves say the order.
    this.form.addEventListener("formdata", ({ formData }) => formData.delete("place"));
    this.form.addEventListener("htmx:beforeRequest", (event) => event.target === this.form && this.sent.add(this.ids().join()));
    // A save that failed leaves everything as it was, and still unsaved.
    this.form.addEventListener("htmx:afterRequest", (event) => { if (event.target === this.form && this.form.isConnected) this.show(); });
  }
}
