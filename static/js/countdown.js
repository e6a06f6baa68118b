// Seconds until a vendor can be asked again ([data-countdown]) pass in the sentence that names them, without being read out.

// The last ones of the sentence: a name in front of them can read the same.
const SECONDS = /in \d+ s(?!.*in \d+ s)/s;

export function start(element) {
  const until = Date.now() + element.dataset.countdown * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    element.textContent = element.textContent.replace(SECONDS, left > 0 ? `in ${left} s` : "now");
    if (left <= 0 || !element.isConnected) clearInterval(timer);
  }, 1000);
}
