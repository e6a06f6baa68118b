// What changed between two orders, as a sentence. The same rules as console/batches/order_diff.py, which words it for the
// history; a test keeps the two equal.

const NAMED = 3;
const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

const word = (number) => WORDS[number] ?? number.toLocaleString("en");
const batches = (number) => `${word(number)} ${number === 1 ? "batch" : "batches"}`;

function ordinal(number) {
  const ending = { 1: "st", 2: "nd", 3: "rd" }[number % 10] ?? "th";
  return number.toLocaleString("en") + ([11, 12, 13].includes(number % 100) ? "th" : ending);
}

// Of former ranks in their new order: those outside the longest run that still goes upwards.
function movedIn(ranks) {
  const tails = [];
  const piles = ranks.map((rank) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tails[middle] < rank) low = middle + 1; else high = middle;
    }
    tails[low] = rank;
    return low;
  });
  const moved = new Set(ranks);
  let wanted = tails.length - 1;
  let last = Infinity;
  for (let at = ranks.length - 1; at >= 0; at -= 1) {
    if (piles[at] === wanted && ranks[at] < last) {
      last = ranks[at];
      moved.delete(last);
      wanted -= 1;
    }
  }
  return moved;
}

// The batches that were moved, and the sentence in pieces: texts, and names as { name }, so that a page can set them apart.
export function sentence(base, now, nameOf) {
  const was = new Map(base.map((id, at) => [id, at + 1]));
  const moved = movedIn(now.map((id) => was.get(id)));
  const moves = [];
  const shifts = [];
  now.forEach((id, at) => {
    const before = was.get(id);
    if (before === at + 1) return;
    if (moved.has(before)) moves.push({ id, before, after: at + 1 });
    else shifts.push(at + 1 - before);
  });
  const ids = new Set(moves.map((move) => move.id));
  if (!moves.length) return { pieces: [], moved: ids };
  const pieces = moves.length > NAMED ? [`${batches(moves.length)} moved`] : moves.flatMap((move, at) => [
    at ? ", " : "", { name: nameOf(move.id) }, ` ${ordinal(move.before)} to ${ordinal(move.after)}`,
  ]);
  return { pieces: shifts.length ? [...pieces, `; ${rest(shifts)}`] : pieces, moved: ids };
}

function rest(shifts) {
  if (new Set(shifts).size > 1) return `${batches(shifts.length)} shift`;
  const verb = shifts.length === 1 ? "moves" : "move";
  return `${batches(shifts.length)} ${verb} ${shifts[0] > 0 ? "down" : "up"} ${word(Math.abs(shifts[0]))}`;
}
