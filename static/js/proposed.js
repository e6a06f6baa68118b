// A field that follows what the page proposes ([data-follows="id of the hidden field with the last proposal"]) takes the next
// one, which comes as an event "proposed" with an answer, unless somebody typed something else.

document.addEventListener("proposed", ({ detail }) => {
  for (const field of document.querySelectorAll("[data-follows]")) {
    const last = document.getElementById(field.dataset.follows);
    if (field.value === last.value) field.value = detail.value;
    last.value = detail.value;
  }
});
