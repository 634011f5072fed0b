// Keys. What says data-key="r" is pressed by that key, or gets the focus if it is a field: in the tile
// that has the focus, else in the bar of what is selected, else on the page. Arrows move between
// tiles, and on an image's page between images; Escape leads back. Single letters can be turned off.
const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const OPEN = "dialog[open], [popover]:popover-open";
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const FOLLOWS = { ArrowRight: "a[rel=next]", ArrowLeft: "a[rel=prev]", Escape: "a[data-back]" };

const middle = (box) => box.x + box.width / 2;
const tiles = () => [...document.querySelectorAll("main .tile:has(a):not([hidden])")];

function beside(tile, key) {
  const all = tiles();
  if (key in STEPS) return all[all.indexOf(tile) + STEPS[key]];
  const from = tile.getBoundingClientRect();
  const away = (box) => (key === "ArrowDown" ? box.y - from.y : from.y - box.y);
  const rated = all.map((other) => ({ other, box: other.getBoundingClientRect() }));
  const further = rated.filter(({ box }) => away(box) > 8);
  const nearest = Math.min(...further.map(({ box }) => away(box)));
  return further
    .filter(({ box }) => away(box) - nearest < 8)
    .sort((a, b) => Math.abs(middle(a.box) - middle(from)) - Math.abs(middle(b.box) - middle(from)))
    .at(0)?.other;
}

function way({ key, shiftKey }, tile) {
  if (!tile || key === "Escape") {
    if (shiftKey) return null;
    const first = key in STEPS && tiles().find((one) => one.getBoundingClientRect().bottom > 100);
    return document.querySelector(FOLLOWS[key] ?? null) ?? (first || null)?.querySelector("a");
  }
  const next = beside(tile, key);
  if (next && shiftKey) {
    document.dispatchEvent(new CustomEvent("tile:extend", { detail: { from: tile, to: next } }));
  }
  return next?.querySelector("a");
}

function meant(key, tile) {
  const named = `[data-key="${CSS.escape(key)}"]:not(:disabled)`;
  const box = tile?.querySelector(".pick > input");
  const own = tile?.querySelector(named);
  const inBar = document.querySelector(`#selection ${named}`);
  const ticked = document.querySelector(".pick > :checked");
  if (own) return own;
  if (box && inBar?.dataset.one) {
    return Object.assign(inBar.cloneNode(), { href: inBar.dataset.one + box.value });
  }
  if (inBar && (ticked || box)) {
    if (!ticked) box.click();
    return inBar;
  }
  const onPage = [...document.querySelectorAll(`${named}:not(.tile *, #selection *)`)];
  // Of several offers to undo, the newest.
  return onPage.findLast((one) => one.checkVisibility() || one.closest("[popover]"));
}

// Capitals are typed with Shift, whatever Caps Lock says; + needs none.
function named({ key, shiftKey }) {
  if (key === "=") return "+";
  return key.length === 1 && !shiftKey ? key.toLowerCase() : key;
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const modified = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  // What is open takes the key itself: Escape closes it and does not lead away as well.
  if (event.defaultPrevented || modified || target.closest(FIELD) || document.querySelector(OPEN)) return;
  if (key.length === 1 && document.querySelector("[data-shortcuts=off]")) return;
  // A key that is held down walks on; it does not throw away one image after another.
  if (event.repeat && !key.startsWith("Arrow")) return;
  const tile = target.closest(".tile");
  const found = key.startsWith("Arrow") || key === "Escape" ? way(event, tile) : meant(named(event), tile);
  if (!found) return;
  event.preventDefault();
  if (found.matches(`${FIELD}, .tile > a`)) found.focus();
  else found.click();
  if (found.type === "search") found.select();
});

// A sheet that was fetched opens above the page, and goes when it is closed.
document.addEventListener("htmx:load", ({ target }) => {
  if (!target.matches?.("[data-sheet]")) return;
  document.querySelector("[popover]:popover-open")?.hidePopover();
  target.addEventListener("close", () => target.remove());
  target.showModal();
});
