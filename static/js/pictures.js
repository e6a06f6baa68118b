// A picture that does not come: its link is renewed once (data-renew-url answers with a fresh picture or a tile), and if
// that fails too a quiet tile stands in its place. Signed links age, so this is an everyday thing.

export function start(picture) {
  if (picture.complete && picture.naturalWidth === 0 && picture.currentSrc) fail(picture);
  else picture.addEventListener("error", () => fail(picture), { once: true });
}

function fail(picture) {
  const { renewUrl } = picture.dataset;
  if (renewUrl) window.htmx.ajax("GET", renewUrl, { source: picture, target: picture, swap: "outerHTML" });
  else picture.replaceWith(document.getElementById("failed-picture").content.cloneNode(true));
}
