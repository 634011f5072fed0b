// A button with data-copy="#id" copies the text, or the value, of that element.
const say = (words) => document.dispatchEvent(new CustomEvent("toast", { detail: words }));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(source);
    say("The browser did not allow it. Press Ctrl+C to copy what is selected.");
  }
});
