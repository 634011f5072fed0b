// Arrows move between tiles, and on an image's page between images; Escape leads back.
// Single letters are left alone: they would need a switch to turn them off.
const TYPING = "input:not(.pick > *), textarea, select, [contenteditable], [popover]:popover-open *";
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const FOLLOWS = { ArrowRight: "a[rel=next]", ArrowLeft: "a[rel=prev]", Escape: "a[data-back]" };

const middle = (box) => box.x + box.width / 2;

function beside(tile, key) {
  const tiles = [...tile.closest("main").querySelectorAll(".tile:has(a):not([hidden])")];
  if (key in STEPS) return tiles[tiles.indexOf(tile) + STEPS[key]];
  const from = tile.getBoundingClientRect();
  const away = (box) => (key === "ArrowDown" ? box.y - from.y : from.y - box.y);
  const rated = tiles.map((other) => ({ other, box: other.getBoundingClientRect() }));
  const further = rated.filter(({ box }) => away(box) > 8);
  const nearest = Math.min(...further.map(({ box }) => away(box)));
  return further
    .filter(({ box }) => away(box) - nearest < 8)
    .sort((a, b) => Math.abs(middle(a.box) - middle(from)) - Math.abs(middle(b.box) - middle(from)))
    .at(0)?.other;
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const isArrow = key.startsWith("Arrow");
  const extends_ = event.shiftKey && isArrow && target.closest(".tile:has(> .pick)");
  const modified = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && !extends_);
  if (event.defaultPrevented || modified || !(isArrow || key === "Escape") || target.matches(TYPING)) return;
  // What is open takes the key itself: Escape closes it and does not lead away as well.
  if (document.querySelector("[popover]:popover-open")) return;
  const tile = target.closest(".tile");
  const next = isArrow && tile ? beside(tile, key)?.querySelector("a") : document.querySelector(FOLLOWS[key] ?? null);
  if (!next) return;
  event.preventDefault();
  if (extends_) document.dispatchEvent(new CustomEvent("tile:extend", { detail: { from: tile, to: next.closest(".tile") } }));
  if (tile && isArrow) next.focus();
  else next.click();
});
