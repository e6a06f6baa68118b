// A box that means "all" ([data-exclusive]) and the single boxes of its name exclude each other: ticking one side unticks the
// other, before anybody else hears of the change.

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=checkbox]") || !target.checked) return;
  const boxes = [...(target.form?.elements ?? [])].filter((one) => one.name === target.name && one !== target);
  const others = "exclusive" in target.dataset ? boxes : boxes.filter((one) => "exclusive" in one.dataset);
  for (const one of others) one.checked = false;
}, true);
