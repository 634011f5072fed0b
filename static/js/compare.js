// The slider between two pictures that lie over each other.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-slider]")) return;
  target.parentElement.style.setProperty("--at", `${target.value}%`);
  target.ariaValueText = `${target.value} % of A`;
});
