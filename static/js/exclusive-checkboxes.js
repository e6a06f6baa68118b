// A checkbox that means "all" ([data-exclusive]) and the single checkboxes of its name exclude each other: checking one side
// unchecks the other, before other listeners get the change.

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=checkbox]") || !target.checked) return;
  const boxes = [...(target.form?.elements ?? [])].filter((one) => one.name === target.name && one !== target);
  const others = "exclusive" in target.dataset ? boxes : boxes.filter((one) => "exclusive" in one.dataset);
  for (const one of others) one.checked = false;
}, true);
