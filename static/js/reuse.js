// Reusing a recipe without its image's page: by pointing at a tile, where one link goes along, and in
// the bar of what is ticked while that is one. Both have the address that the key opens.
const link = document.createElement("a");
link.className = "on-image";
// Who walks from key to key has the key for it, or the bar.
link.tabIndex = -1;
link.title = "Reuse recipe";
const holder = document.createElement("span");
holder.className = "quick";
holder.append(link);

function offer({ target }) {
  const tile = target.closest?.(".tile");
  const box = tile?.querySelector(".pick > input");
  const inBar = document.querySelector("#selection [data-key=r]");
  if (!box || !inBar || tile.contains(holder)) return;
  link.href = inBar.dataset.one + box.value;
  link.ariaLabel = box.ariaLabel.replace("Select", "Reuse the recipe of");
  link.replaceChildren(inBar.querySelector("svg").cloneNode(true));
  link.firstChild.classList.add("icon-s");
  tile.append(holder);
}

document.addEventListener("pointerover", offer);
document.addEventListener("focusin", offer);
