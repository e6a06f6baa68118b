// data-print: the browser's own print dialog, for pages that are made to be printed.

export function press() {
  window.print();
}
