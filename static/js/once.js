// A double click on a button that sends something counts once.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("button[type=submit]")) event.preventDefault();
});
