// Figures of an upload in words, and how fast it is.

const WINDOW = 15_000;
const UNITS = ["bytes", "kB", "MB", "GB"];

export const number = (value) => value.toLocaleString("en");
export const count = (value) => `${number(value)} file${value === 1 ? "" : "s"}`;

// As the console's own pages write them.
export function size(bytes) {
  if (bytes === 1) return "1 byte";
  let [value, place] = [bytes, 0];
  while (Math.round(value) >= 1000 && place < UNITS.length - 1) [value, place] = [value / 1000, place + 1];
  return `${value.toFixed(place === 0 || value >= 100 ? 0 : 1)} ${UNITS[place]}`;
}

export function duration(seconds) {
  if (seconds < 60) return "less than a minute";
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

// Bytes a second over the last seconds that were measured, 0 where nothing moves.
export class Pace {
  #samples = [];

  measure(moved) {
    const now = performance.now();
    this.#samples.push({ now, moved });
    while (now - this.#samples[0].now > WINDOW) this.#samples.shift();
    const first = this.#samples[0];
    return now > first.now ? ((moved - first.moved) * 1000) / (now - first.now) : 0;
  }

  rest() { this.#samples = []; }
}
