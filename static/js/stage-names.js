// Writes the names of labels at their shapes: each at its anchor or beside it, and not at all where it would lie on another.

const HEIGHT = 18;
const PADDING = 15;
const LONGEST = 24;
const MOST = 400;
const BESIDE = [[0, 0], [0, -1], [0, 1], [0.6, 0], [-0.6, 0], [0.6, -1], [-0.6, -1], [0.6, 1], [-0.6, 1], [0, -2], [0, 2]];

const pen = document.createElement("canvas").getContext("2d");

// Without an overlay the names are taken away.
export function place(layer, overlay) {
  if (!overlay) {
    layer.replaceChildren();
    return;
  }
  pen.font = `12px ${getComputedStyle(layer).fontFamily}`;
  const room = new Room(layer.clientWidth, layer.clientHeight);
  layer.replaceChildren(...shapes(layer, overlay).map((shape) => room.take(shape)).filter(Boolean).map(write));
}

function shapes(layer, overlay) {
  const frame = layer.getBoundingClientRect();
  const drawing = overlay.getBoundingClientRect();
  const { width, height } = overlay.viewBox.baseVal;
  return [...overlay.querySelectorAll("[data-class]:not(.is-off)")].flatMap((group) => {
    const { name } = group.dataset;
    const words = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
    const wide = Math.ceil(pen.measureText(words).width) + PADDING;
    return [...group.children].filter((shape) => shape.dataset.at).map((shape) => {
      const [x, y] = shape.dataset.at.split(" ").map(Number);
      return {
        words, wide, look: group.getAttribute("class"),
        x: drawing.left - frame.left + (x / width) * drawing.width - wide / 2,
        y: drawing.top - frame.top + (y / height) * drawing.height - HEIGHT / 2,
      };
    });
  });
}

// What is taken already, by rows as high as a name.
class Room {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.names = 0;
    this.rows = new Map();
  }

  take({ x, y, ...shape }) {
    if (this.names === MOST) return null;
    const isSeen = x + shape.wide / 2 >= 0 && x + shape.wide / 2 <= this.width && y + HEIGHT / 2 >= 0 && y + HEIGHT / 2 <= this.height;
    const [right, down] = (isSeen && BESIDE.find(([right, down]) => this.isFree(x + right * shape.wide, y + down * HEIGHT, shape.wide))) || [];
    if (down === undefined) return null;
    const name = { ...shape, x: x + right * shape.wide, y: y + down * HEIGHT };
    for (const row of rowsOf(name.y)) this.row(row).push(name);
    this.names += 1;
    return name;
  }

  // Asked up to eleven times for each label.
  isFree(x, y, wide) {
    const lies = x >= 0 && y >= 0 && x + wide <= this.width && y + HEIGHT <= this.height;
    const isNear = (one) => x < one.x + one.wide && one.x < x + wide && Math.abs(y - one.y) < HEIGHT;
    return lies && !rowsOf(y).some((row) => this.rows.get(row)?.some(isNear));
  }

  row(number) {
    if (!this.rows.has(number)) this.rows.set(number, []);
    return this.rows.get(number);
  }
}

const rowsOf = (y) => [Math.floor(y / HEIGHT), Math.floor(y / HEIGHT) + 1];

function write({ words, look, x, y }) {
  const name = document.createElement("span");
  name.className = `stage-name ${look}`;
  name.textContent = words;
  name.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  return name;
}
