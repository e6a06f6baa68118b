// The builder's forms keep themselves: htmx posts what is typed after a short rest. This says so while it has not happened
// yet, and sends the rest when the page is left before the rest was over, so that closing a tab loses nothing.

function start(form) {
  let unsent = form.dataset.builder === "unsent"; // what came back after signing in again

  form.addEventListener("input", () => {
    unsent = true;
    const words = form.querySelector("[data-saved]");
    if (words) words.textContent = "Saving…";
  });
  form.addEventListener("submit", () => { unsent = false; });
  form.addEventListener("htmx:beforeSend", ({ detail }) => { if (detail.requestConfig.verb === "post") unsent = false; });
  // To htmx every answer counts as good, because ours says itself what went wrong; and none at all has the status 0.
  form.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
    if (requestConfig.verb !== "post" || [409, 422].includes(xhr.status) || (xhr.status >= 200 && xhr.status < 400)) return;
    unsent = true;
    const words = form.querySelector("[data-saved]");
    if (words) words.textContent = "Not saved yet. It is tried again with your next change.";
  });

  // Before the next page is asked for, so that it already knows; phones only tell when a page is hidden.
  for (const name of ["beforeunload", "pagehide"]) {
    window.addEventListener(name, () => {
      if (unsent && form.isConnected) navigator.sendBeacon(form.dataset.saveUrl, new FormData(form));
      unsent = false;
    });
  }

  // Typed before this was here.
  for (const field of form.querySelectorAll("input, textarea")) {
    if (field.value !== field.defaultValue || field.checked !== field.defaultChecked) {
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}

// Words after a refused Create are read from the top: the summary links to each field and part.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "builder") return;
  const trouble = document.getElementById("builder-trouble");
  trouble?.setAttribute("tabindex", "-1");
  trouble?.focus();
});

// What is wrong with typed JSON is said beside it, and the field itself says that it is so.
document.addEventListener("htmx:oobAfterSwap", () => {
  const problem = document.getElementById("filter-problem");
  const field = document.querySelector("[aria-describedby~=filter-problem]");
  if (problem) field?.setAttribute("aria-invalid", String("invalid" in problem.dataset));
});

// A press on a button that is off, such as "up" on the first part, does nothing; it stays in the tab order all the same.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[aria-disabled=true]")) event.preventDefault();
}, true);

window.htmx.onLoad((root) => {
  const inside = [...root.querySelectorAll("[data-builder]")];
  (root.matches("[data-builder]") ? [root, ...inside] : inside).forEach(start);
});
