// Whoever has signed out is not to be seen any more. Safari puts a page back on the screen as it was, even one that no cache
// is to keep, and other tabs still show theirs: such a page stays hidden until the server says that the session is the same.

// Until the sign-out, which was only just sent, is done.
const REST = 2000;

export function signedOut() {
  hide(true);
  setTimeout(showAgain, REST);
}

function hide(isHidden) {
  document.documentElement.hidden = isHidden;
}

export async function showAgain() {
  const answer = await stay(document.body.dataset.sessionStay).catch(() => null);
  if (answer?.ok) hide(false);
  // Not `reload`, which would send again the form that the page may be the answer to.
  else window.location.replace(window.location.pathname + window.location.search);
}

// The page's own token is good for the session that it was made in, and for no later one.
export function stay(address) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  return fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
}
