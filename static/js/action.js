// A button with a bare hx-post sends where it would lead without a script.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.getAttribute("hx-post") === "") detail.path = detail.elt.getAttribute("formaction");
});
