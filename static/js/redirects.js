// An answer from another address than the one that was asked is a page, not a fragment: the sign-in
// page when the session has ended, for one. Go there instead of swapping it in.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { finalRequestPath, responsePath } = event.detail.pathInfo;
  const asked = new URL(finalRequestPath, location.href);
  if (responsePath && new URL(responsePath, location.href).pathname !== asked.pathname) {
    event.preventDefault();
    location.assign(responsePath);
  }
});
