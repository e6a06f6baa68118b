// The button in a field for a day ([data-calendar]) opens the browser's own calendar, which writes into the field as people
// write. A time that stands there already stays; without one it is midnight where a time is needed.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = /^(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})/;
const NUMBERS = /^\d{4}-\d{2}-\d{2}/;
const TIME = /\d{1,2}:\d{2}/;

export function press(button) {
  const field = button.previousElementSibling;
  const calendar = button.nextElementSibling;
  calendar.value = numbers(field.value);
  calendar.oninput = (event) => event.stopPropagation();
  calendar.onchange = (event) => {
    event.stopPropagation();
    write(field, calendar.value);
  };
  calendar.showPicker();
}

function numbers(text) {
  const [, day, month, year] = text.trim().match(DAY) ?? [];
  if (!day) return text.match(NUMBERS)?.[0] ?? "";
  return `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, "0")}-${day.padStart(2, "0")}`;
}

function write(field, value) {
  const [year, month, day] = value.split("-").map(Number);
  const time = field.matches("[data-moment]") ? `, ${field.value.match(TIME)?.[0] ?? "00:00"}` : "";
  field.value = value ? `${day} ${MONTHS[month - 1]} ${year}${time}` : "";
  for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
}
