// Seconds until a vendor can be asked again ([data-countdown]) pass in the sentence that names them, without being read out.

export function start(element) {
  const until = Date.now() + element.dataset.countdown * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    element.textContent = element.textContent.replace(/in \d+ s/, left > 0 ? `in ${left} s` : "now");
    if (left <= 0 || !element.isConnected) clearInterval(timer);
  }, 1000);
}
