// What was typed outlives a session that ends: it stays in this tab, for the person whose page it was typed on, until they are
// back. Leaving a page keeps what is changed in its forms; the sign-in page marks it as lost (shell.js), and the form takes it
// back when it is next on a page. Whatever was left without the session having ended is forgotten. Passwords, keys, codes and
// files are never kept.

import { announce, showNotice } from "./announce.js";

const KEY = "form-drafts";
const SECRET = "[type=password], [type=file], [autocomplete=one-time-code], [autocomplete=current-password], [autocomplete=new-password]";
const MOST = 500_000;
const LINE_COMES = 50;

const read = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
};

function write(drafts) {
  const text = JSON.stringify(drafts);
  if (drafts.length && text.length < MOST) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
}

const ownerOf = (form) => form.querySelector("input[name=form_owner]")?.value;
const actionOf = (form) => new URL(form.getAttribute("action") ?? "", location.href).pathname;
const fields = (form) => [...form.elements].filter((field) => field.name && !field.matches(`button, [type=hidden], [type=submit], ${SECRET}`));
const isBox = (field) => field.matches("[type=checkbox], [type=radio]");
const sameName = (form, name) => fields(form).filter((field) => field.name === name);

function isChanged(field) {
  if (isBox(field)) return field.checked !== field.defaultChecked;
  if (field.matches("select")) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  return field.value !== field.defaultValue;
}

// Of lines that can be added and removed all count, of other forms what is changed.
function draftOf(form) {
  const all = fields(form);
  const lines = form.matches("[data-repeated-fields]");
  const isTouched = all.some(isChanged) || (lines && form.dataset.unsaved === "yes");
  const typed = (lines ? all : all.filter(isChanged)).map((field) => ({
    name: field.name,
    place: sameName(form, field.name).indexOf(field),
    value: field.value,
    checked: isBox(field) ? field.checked : null,
  }));
  return isTouched && { owner: ownerOf(form), action: actionOf(form), page: location.pathname + location.search, opened: form.dataset.formPage ?? "", typed };
}

function keep() {
  const forms = [...document.forms].filter(ownerOf);
  const drafts = forms.map(draftOf).filter(Boolean);
  const actions = new Set(drafts.map(({ action }) => action));
  write([...read().filter((one) => one.isLost && !actions.has(one.action)), ...drafts]);
}

// The session ended: what the last page left behind is to come back.
export function markLost() {
  write(read().map((one) => ({ ...one, isLost: true })));
}

// On a page of somebody who is signed in: only what was lost, and is theirs.
export async function begin() {
  // Once htmx is there too, which sends what a form keeps by itself.
  if (document.readyState === "loading") await new Promise((done) => { document.addEventListener("DOMContentLoaded", done, { once: true }); });
  await new Promise((done) => { setTimeout(done); });
  const owner = document.querySelector("input[name=form_owner]")?.value;
  if (owner) write(read().filter((one) => one.isLost && one.owner === owner));
  restore(document);
  const [other] = read();
  if (!other) return;
  if (other.opened && other.page.split("?")[0] === location.pathname && !location.href.endsWith(other.opened)) location.replace(other.opened);
  else if (!other.opened || other.page.split("?")[0] !== location.pathname) offer(other);
}

export function restore(root) {
  for (const form of [...root.querySelectorAll("form"), ...(root.matches?.("form") ? [root] : [])].filter(ownerOf)) {
    const mine = read().find((one) => one.action === actionOf(form) && one.owner === ownerOf(form) && fits(form, one));
    if (!mine) continue;
    write(read().filter((one) => one.action !== mine.action));
    fill(form, mine.typed);
  }
}

// Several forms of a page can have one address: it is the one with such a field.
function fits(form, { typed }) {
  return typed.some(({ name }) => sameName(form, name).length) || form.matches("[data-repeated-fields]");
}

async function fill(form, typed) {
  await lines(form, typed);
  for (const one of typed) {
    const all = sameName(form, one.name);
    const field = one.checked === null ? all[one.place] : all.find(({ value }) => value === one.value);
    if (!field || (one.checked === null ? field.value === one.value : field.checked === one.checked)) continue;
    if (one.checked === null) field.value = one.value;
    else field.checked = one.checked;
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  announce("What you typed is here again, not saved yet.");
}

// As many lines as there were; one too many stays empty, which counts as none.
async function lines(form, typed) {
  if (!form.matches("[data-repeated-fields]")) return;
  const wanted = Math.max(...typed.map(({ place }) => place)) + 1;
  const names = [...new Set(typed.map(({ name }) => name))];
  for (let turn = 0; turn < wanted && sameName(form, names[0]).length < wanted; turn += 1) {
    form.querySelector("[data-add]").click();
    await new Promise((done) => { setTimeout(done, LINE_COMES); });
  }
  for (const name of names) for (const field of sameName(form, name).slice(wanted)) if (!field.matches("select")) field.value = "";
}

function offer({ page, opened }) {
  const link = Object.assign(document.createElement("a"), { className: "button button-small", href: opened || page, textContent: "Show it" });
  const actions = Object.assign(document.createElement("div"), { className: "notice-actions" });
  actions.append(link);
  showNotice("typed-elsewhere-notice").querySelector(".notice-words").append(actions);
}

// Whoever signs out has no text left behind, in no tab. Who types on has not left.
// The submit may have come before this file did (shell.js).
let leaves = "signsOut" in document.body.dataset;
document.addEventListener("submit", ({ target }) => { leaves ||= target.matches("[data-sign-out]"); });
document.addEventListener("input", () => { leaves = false; });
new BroadcastChannel("sign-out").addEventListener("message", () => {
  leaves = true;
  write([]);
});
window.addEventListener("pagehide", () => { if (!leaves) keep(); });
