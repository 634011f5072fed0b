// A file that carries a recipe is taken at once: chosen, or dropped anywhere on the composer.
const field = () => document.querySelector("#composer [name=recipe_file]");
const take = () => document.getElementById("take-recipe").click();
const drops = ({ target, dataTransfer }) =>
  dataTransfer.types.includes("Files") && target.closest?.("#composer") && !target.matches("[type=file]") && field();

document.addEventListener("change", ({ target }) => {
  if (target === field() && target.files.length) take();
});

document.addEventListener("dragover", (event) => {
  if (drops(event)) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const input = drops(event);
  if (!input) return;
  event.preventDefault();
  input.files = event.dataTransfer.files;
  take();
});
