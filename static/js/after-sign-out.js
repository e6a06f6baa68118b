// Hides pages of a person who has signed out. Safari shows a page again as it was, even with `no-store`, and other tabs still
// show theirs: such a page stays hidden until the server confirms that the session is the same.

// Time for the sign-out request to be answered.
const SIGN_OUT_TIME = 2000;

export function signedOut() {
  hide(true);
  setTimeout(showAgain, SIGN_OUT_TIME);
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
