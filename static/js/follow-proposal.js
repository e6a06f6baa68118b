// A field that follows the page's proposal ([data-follows="id of the hidden field with the last proposal"]) takes the next one,
// which comes as the event "proposed" with an answer, unless its value was changed by hand.

document.addEventListener("proposed", ({ detail }) => {
  for (const field of document.querySelectorAll("[data-follows]")) {
    const last = document.getElementById(field.dataset.follows);
    if (field.value === last.value) field.value = detail.value;
    last.value = detail.value;
  }
});
