// The page of the ledger that is shown: its rows follow what happens to their files, and its links turn the page in place,
// because another page would end the upload.

export function start(root, queue) {
  const words = document.getElementById("upload-states").content;
  const part = () => root.querySelector("[data-upload-rows]");
  const rowOf = (id) => root.querySelector(`[data-upload-file="${id}"]`);
  let query = window.location.search;

  async function load() {
    const hadFocus = part().contains(document.activeElement) && document.activeElement;
    await window.htmx.ajax("GET", root.dataset.uploadRowsUrl + query, { source: part(), target: part(), swap: "outerHTML" });
    root.querySelector("[data-upload-ledger]").hidden = false;
    for (const row of root.querySelectorAll("[data-upload-file]")) {
      const item = queue.items.get(row.dataset.uploadFile);
      if (item) draw(item);
    }
    if (hadFocus) (sameAs(hadFocus) ?? part()).focus({ preventScroll: true });
  }

  function sameAs(link) {
    const { uploadTab } = link.dataset;
    return part().querySelector(uploadTab === undefined ? `[rel="${link.rel}"]` : `[data-upload-tab="${uploadTab}"]`);
  }

  function draw({ id, state, message, loaded, file }) {
    const row = rowOf(id);
    if (!row) return;
    const word = words.querySelector(`[data-upload-as="${state}"]`).cloneNode(true);
    if (state === "sending") word.textContent += ` ${Math.floor((100 * loaded) / file.size)} %`;
    const shown = row.querySelector("[data-upload-word]");
    [shown.className, shown.textContent] = [word.className, word.textContent];
    row.querySelector("[data-upload-message]").textContent = message ?? "";
  }

  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-upload-rows] a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    query = link.search;
    window.history.replaceState(null, "", link.href);
    load();
  });

  return { load, draw, hasAny: () => root.querySelector("[data-upload-file]") !== null };
}
