// Keeps what was chosen in a form in the page's address, so that reload, Back and a shared link bring it back. Attaches to
// form[data-address="names of the fields"]. A field that holds what the page proposed (see proposed.js) is left out, and one
// with data-only-with="names" while all of those are empty. Choices that are too long for an address leave it as it was; they
// are measured encoded once more, as an ended session carries them along.

const LONGEST = 7500;
let isChanged = false;

function write(form) {
  const sent = new FormData(form);
  const chosen = new URLSearchParams();
  for (const name of form.dataset.address.split(" ")) {
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
    const form = target.form?.closest("[data-address]");
    if (!form) return;
    isChanged = true;
    write(form);
  }, true);
}

// Boxes can have gone with an answer to that.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.closest?.("[data-address]");
  if (form && isChanged) write(form);
});
