// Keeps a form's values in the query string of the page, so that reload, Back and a shared link restore them. Attaches to
// form[data-query-fields="names of the fields"]. A field that holds what the page proposed (follow-proposal.js) is left out, and
// one with data-only-with="names" while all of those are empty. A query string that would be too long is not written; its length
// counts encoded once more, because the sign-in page carries it along when the session has ended.

const LONGEST = 7500;
let isChanged = false;

function write(form) {
  const sent = new FormData(form);
  const chosen = new URLSearchParams();
  for (const name of form.dataset.queryFields.split(" ")) {
    const { follows: source, onlyWith } = form.elements[name]?.dataset ?? {};
    if (source && document.getElementById(source).value === sent.get(name)) continue;
    if (onlyWith && !onlyWith.split(" ").some((other) => sent.get(other))) continue;
    for (const value of sent.getAll(name)) if (value || source) chosen.append(name, value);
  }
  const address = chosen.size ? `${location.pathname}?${chosen}` : location.pathname;
  if (encodeURIComponent(address).length < LONGEST) history.replaceState(history.state, "", address);
}

// Before htmx sends what changed: an ended session leads back to the address of that moment.
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, ({ target }) => {
    const form = target.form?.closest("[data-query-fields]");
    if (!form) return;
    isChanged = true;
    write(form);
  }, true);
}

// Boxes can have gone with an answer to that.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.closest?.("[data-query-fields]");
  if (form && isChanged) write(form);
});
