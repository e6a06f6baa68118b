// What a person set on one picture and wants on the next: hidden classes by name, opacity, labels and names on or off, zoom.
// Kept for this tab. Where the browser refuses to keep anything, it lasts as long as the page.

const KEY = "stage";
const DEFAULTS = { hidden: [], opacity: 100, labels: true, names: false, zoom: { scale: 1, x: 0, y: 0 } };

let memory = load();

function load() {
  try {
    return { ...DEFAULTS, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    return { ...DEFAULTS };
  }
}

export const recall = () => memory;

export function remember(changes) {
  memory = { ...memory, ...changes };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // Refused or full: the page itself still knows.
  }
}
