// Lines of fields ([data-lines]) that are added and removed without asking the server: the last one serves as the pattern.

export function start(form) {
  const list = form.querySelector("[data-list]");
  const pattern = list.lastElementChild.cloneNode(true);
  let count = 0;

  const add = () => {
    const line = pattern.cloneNode(true);
    count += 1;
    for (const field of line.querySelectorAll("[id]")) {
      line.querySelector(`label[for="${field.id}"]`)?.setAttribute("for", `${field.id}-${count}`);
      field.id += `-${count}`;
    }
    list.append(line);
    line.querySelector("input").focus();
  };

  form.addEventListener("click", ({ target }) => {
    if (target.closest("[data-add]")) add();
    const gone = target.closest("[data-remove]")?.closest("li");
    if (!gone) return;
    const next = gone.nextElementSibling ?? gone.previousElementSibling;
    gone.remove();
    form.dispatchEvent(new Event("input"));
    (next?.querySelector("input") ?? form.querySelector("[data-add]")).focus();
  });
}
