// Lines of fields ([data-repeated-fields]) that can be added and removed without a request: a new line is a copy of the last one, without
// its values.

const patterns = new WeakMap();

function patternOf(form) {
  if (!patterns.has(form)) {
    const line = form.querySelector("[data-list]").lastElementChild.cloneNode(true);
    for (const field of line.querySelectorAll("input, textarea")) field.value = "";
    patterns.set(form, { line, count: 0 });
  }
  return patterns.get(form);
}

export function press(button) {
  const form = button.closest("[data-repeated-fields]");
  const pattern = patternOf(form);
  if (button.matches("[data-add]")) add(form, pattern);
  else remove(form, button.closest("li"));
}

function add(form, pattern) {
  const line = pattern.line.cloneNode(true);
  pattern.count += 1;
  for (const field of line.querySelectorAll("[id]")) {
    line.querySelector(`label[for="${field.id}"]`)?.setAttribute("for", `${field.id}-${pattern.count}`);
    field.id += `-${pattern.count}`;
  }
  form.querySelector("[data-list]").append(line);
  line.querySelector("input").focus();
}

function remove(form, line) {
  const next = line.nextElementSibling ?? line.previousElementSibling;
  line.remove();
  form.dispatchEvent(new Event("input"));
  (next?.querySelector("input") ?? form.querySelector("[data-add]")).focus();
}
