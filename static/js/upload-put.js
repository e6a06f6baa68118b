// One PUT of one file to a signed link: no key, no cookies, and an end also where nothing moves any more.

export const SILENCE = 10_000;
// The browser hands the last megabytes over long before they have left this computer.
const ANSWER = 60_000;
const PROBE = 10_000;

// {abort, done}; `done` gives {status, sent} of an answer, or {lost: "error" | "silence" | "abort", sent}.
export function put(file, { url, contentType }, onProgress) {
  const request = new XMLHttpRequest();
  let [sent, lost, timer] = [0, "error", 0];
  const end = (why) => { lost = why; request.abort(); };
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(end, sent < file.size ? SILENCE : ANSWER, "silence");
  };
  const done = new Promise((resolve) => {
    request.upload.addEventListener("progress", ({ loaded }) => {
      if (loaded > sent) watch();
      sent = loaded;
      onProgress(loaded);
    });
    request.upload.addEventListener("load", () => { sent = file.size; watch(); });
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      resolve(request.status ? { status: request.status, sent } : { lost, sent });
    });
  });
  request.open("PUT", url);
  request.withCredentials = false;
  request.setRequestHeader("Content-Type", contentType);
  watch();
  request.send(file);
  return { done, abort: () => end("abort") };
}

// A browser does not say why a request failed. Where the store answers a request that needs no leave of it, but the PUT was
// not begun, it refuses uploads from this site.
export async function answers(url) {
  const how = { method: "HEAD", mode: "no-cors", credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PROBE) };
  return fetch(url.split("?")[0], how).then(() => true, () => false);
}

// "" where the file can be read as it was when it was chosen; else "changed" or "gone".
export async function faultOf(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return "";
  } catch (error) {
    return error.name === "NotFoundError" ? "gone" : "changed";
  }
}
