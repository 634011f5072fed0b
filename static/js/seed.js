// The padlock beside a seed: open is random, closed keeps the number for every image.
const field = (button) => button.parentElement.querySelector("input");
const show = (button) => button.setAttribute("aria-pressed", String(field(button).value !== ""));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seed-lock]");
  if (!button) return;
  const kept = field(button).value !== "";
  field(button).value = kept ? "" : crypto.getRandomValues(new Uint32Array(1))[0] || 1;
  show(button);
});

document.addEventListener("input", (event) => {
  const button = event.target.parentElement?.querySelector("[data-seed-lock]");
  if (button) show(button);
});
