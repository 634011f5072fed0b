// The composer: Ctrl+Enter generates, a double click counts once, the prompt grows with its text,
// and what was refused gets the focus.
const composer = (event) => event.target.closest?.("#composer");

document.addEventListener("keydown", (event) => {
  const form = composer(event);
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(".generate"));
  }
});

document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest(".generate")) event.preventDefault();
});

if (!CSS.supports("field-sizing", "content")) {
  document.addEventListener("input", (event) => {
    if (composer(event) && event.target.name === "prompt") {
      event.target.style.height = "auto";
      event.target.style.height = `${event.target.scrollHeight}px`;
    }
  });
}

document.addEventListener("htmx:afterSettle", () => {
  document.querySelector("#composer [aria-invalid=true]")?.focus();
});
