// Range selection with Shift, the same in every list: all elements from one to another, both included, in the order of the list.

// Without a start in the list it is the end alone.
export function rangeBetween(elements, from, to) {
  const [first, last] = [elements.indexOf(from), elements.indexOf(to)].sort((a, b) => a - b);
  return first < 0 ? [to] : elements.slice(first, last + 1);
}
