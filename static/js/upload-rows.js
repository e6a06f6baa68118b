// The page of the ledger that is shown: its rows follow what happens to their files, and its links turn the page in place,
// because another page would end the upload.

export function start(root, queue) {
  const words = document.getElementById("upload-states").content;
  const part = () => root.querySelector("[data-upload-rows]");
  let query = window.location.search;
  let shown = new Map();
  let loading = null;
  let isStale = false;

  // One at a time; what is asked for meanwhile is asked once more.
  function load() {
    isStale = true;
    loading ??= loadStale().finally(() => { loading = null; });
    return loading;
  }

  async function loadStale() {
    while (isStale) {
      isStale = false;
      await replace();
    }
  }

  async function replace() {
    const hadFocus = part().contains(document.activeElement) && document.activeElement;
    await window.htmx.ajax("GET", root.dataset.uploadRowsUrl + query, { source: part(), target: part(), swap: "outerHTML" });
    root.querySelector("[data-upload-ledger]").hidden = false;
    remember();
    if (hadFocus) (sameAs(hadFocus) ?? part()).focus({ preventScroll: true });
  }

  function remember() {
    shown = new Map([...root.querySelectorAll("[data-upload-file]")].map((row) => [row.dataset.uploadFile, row]));
    for (const id of shown.keys()) if (queue.items.has(id)) draw(queue.items.get(id));
  }

  function sameAs(link) {
    const { uploadTab } = link.dataset;
    return part().querySelector(uploadTab === undefined ? `[rel="${link.rel}"]` : `[data-upload-tab="${uploadTab}"]`);
  }

  function draw({ id, state, message, loaded, file }) {
    const row = shown.get(id);
    if (!row) return;
    const word = words.querySelector(`[data-upload-as="${state}"]`).cloneNode(true);
    if (state === "sending") word.textContent += ` ${Math.floor((100 * loaded) / file.size)} %`;
    const status = row.querySelector("[data-upload-word]");
    [status.className, status.textContent] = [word.className, word.textContent];
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

  remember();
  return { load, draw, hasAny: () => shown.size > 0 };
}
