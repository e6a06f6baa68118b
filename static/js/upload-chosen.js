// The files that somebody chose or dropped, each with the folder it came in. Chosen or dropped, the same folder gives the
// same folders, so that a file that was saved before is recognized. Must be called while the drop is handled: later its
// items are empty.

// Milliseconds without letting the page react.
const PIECE = 20;

const folderOf = (path) => path.split("/").slice(0, -1).filter(Boolean).join("/");

export function chosenIn(input) {
  return [...input.files].map((file) => ({ file, folder: folderOf(file.webkitRelativePath ?? "") }));
}

// Calls `found` with {file, folder} one by one; returns how many could not be read.
export function droppedIn(transfer, found) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return walk(entries.filter(Boolean), found);
}

async function walk(entries, found) {
  let unreadable = 0;
  const left = [...entries].reverse();
  while (left.length) {
    const entry = left.pop();
    try {
      if (entry.isDirectory) left.push(...(await childrenOf(entry)).reverse());
      else if (entry instanceof File) found({ file: entry, folder: "" });
      else found({ file: await fileOf(entry), folder: folderOf(entry.fullPath) });
    } catch {
      unreadable += 1;
    }
  }
  return unreadable;
}

const fileOf = (entry) => new Promise((resolve, reject) => { entry.file(resolve, reject); });

// Chromium gives at most a hundred at a time.
async function childrenOf(folder) {
  const reader = folder.createReader();
  const children = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return children;
    children.push(...some);
  }
}

// What the ledger knows a file by. Size and time are read from the disk only now, which takes a while for many.
export async function describe(chosen) {
  const files = [];
  let since = performance.now();
  for (const { file, folder } of chosen) {
    files.push({ folder, name: file.name, size: file.size, modified: file.lastModified });
    if (performance.now() - since < PIECE) continue;
    await new Promise((resolve) => { setTimeout(resolve); });
    since = performance.now();
  }
  return files;
}
