// Single keys. `?` lists them, `n` follows [data-new], `j` and `k` move through [data-rows]:
// through its [data-row] elements, else its rows or list items, and put the focus on each one's first link or button. From a
// row's own link the arrows move too, sideways where the rows stand beside each other.

import { open } from "./dialogs.js";

const targets = "a[href], button, input, summary, [tabindex='0']";

export function press(key) {
  if (key === "?") open(document.getElementById("shortcuts"));
  if (key === "n") document.querySelector("[data-new]")?.click();
  if (key === "j") move(1);
  if (key === "k") move(-1);
  if (key.startsWith("Arrow")) arrow(key);
}

function arrow(key) {
  const list = document.activeElement.closest("[data-rows]");
  const rows = list ? rowsOf(list) : [];
  const beside = rows.filter((row) => row.offsetTop === rows[0].offsetTop).length;
  const by = { ArrowDown: beside, ArrowUp: -beside, ArrowRight: beside > 1 && 1, ArrowLeft: beside > 1 && -1 }[key];
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  if (by && rows[now + by]) move(by);
}

function rowsOf(list) {
  const marked = [...list.querySelectorAll("[data-row]")];
  return marked.length ? marked : [...list.querySelectorAll("tbody > tr, :scope > li, :scope > article")];
}

function move(by) {
  const list = document.activeElement.closest("[data-rows]") ?? document.querySelector("[data-rows]");
  if (!list) return;
  const rows = rowsOf(list);
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + by, 0), rows.length - 1)];
  const target = next?.matches(targets) ? next : next?.querySelector("a[href]") ?? next?.querySelector(targets);
  target?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
