// Buttons that copy: data-copy="#id" the text or the value of that element, data-copy-link the whole
// address of a page, data-copy-image the picture at that address: a PNG, which every clipboard takes.
const say = (words) => document.dispatchEvent(new CustomEvent("toast", { detail: words }));

async function picture(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.blob();
}

function copied({ copy, copyLink, copyImage }) {
  if (copyImage) return navigator.clipboard.write([new ClipboardItem({ "image/png": picture(copyImage) })]);
  if (copyLink) return navigator.clipboard.writeText(new URL(copyLink, location));
  const source = document.querySelector(copy);
  return navigator.clipboard.writeText(source.value ?? source.textContent.trim());
}

const INSTEAD = {
  copy: "Press Ctrl+C to copy what is selected.",
  copyLink: "Copy the address of this page.",
  copyImage: "Open the original and copy it there.",
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-link], [data-copy-image]");
  if (!button) return;
  button.closest("[popover]")?.hidePopover();
  try {
    await copied(button.dataset);
    say("Copied.");
  } catch {
    const kind = Object.keys(INSTEAD).find((one) => one in button.dataset);
    if (kind === "copy") getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
    say(`It could not be copied. ${INSTEAD[kind]}`);
  }
});
