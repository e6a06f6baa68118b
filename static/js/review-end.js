// At the end of a review a decision can still be taken back: that leads to its item again.

document.body.addEventListener("item-taken-back", ({ detail }) => {
  const { reviewEnd, runUrl } = document.querySelector("[data-review-end]").dataset;
  if (detail.run === reviewEnd) window.location.assign(`${runUrl}${detail.item}/`);
});
