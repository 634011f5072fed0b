// The composer: Ctrl+Enter generates, the prompt grows with its text, what was refused or changed gets
// the focus, and a new batch is in sight.
const composer = (event) => event.target.closest?.("#composer");

document.addEventListener("keydown", (event) => {
  const form = composer(event);
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(".generate"));
  }
});

if (!CSS.supports("field-sizing", "content")) {
  document.addEventListener("input", (event) => {
    if (composer(event) && event.target.name === "prompt") {
      event.target.style.height = "auto";
      event.target.style.height = `${event.target.scrollHeight}px`;
    }
  });
}

document.addEventListener("htmx:afterSettle", (event) => {
  // Not autofocus: the browser gets to it later, and complains where somebody has gone on meanwhile.
  if (event.target.id === "composer") event.target.querySelector("[aria-invalid=true], [data-focus]")?.focus();
});

// What was refused before was taken now.
function forgive(form) {
  for (const words of form.querySelectorAll(".error, .notice-danger")) {
    for (const field of form.querySelectorAll(`[aria-describedby~="${words.id}"]`))
      field.setAttribute("aria-describedby", field.getAttribute("aria-describedby").replace(words.id, "").trim());
    words.remove();
  }
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

// The composer sticks, so a new batch may come in behind it.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "feed") return;
  const form = document.getElementById("composer");
  if (form && event.detail.requestConfig?.elt === form) forgive(form);
  const hidden = form ? form.getBoundingClientRect().bottom - event.target.getBoundingClientRect().top : 0;
  if (hidden > 0) scrollBy(0, -hidden);
});
