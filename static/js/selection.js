// Ticking images on a wall: Shift-click takes all between, Shift and an arrow go on from the tile that
// has the focus, Ctrl+A takes all that are loaded, Escape lets go. The other keys are keyboard.js's.
const MOST = 500;
// A search brings a new one.
const bar = () => document.getElementById("selection");
const boxes = () => [...document.querySelectorAll(".tile:not([hidden]) > .pick > input")];
const ticked = () => boxes().filter((box) => box.checked);
const tileOf = (box) => box.closest(".tile");
const does = (what) => bar().querySelector(`[data-does=${what}]`);
let anchor = null;
let extended = [];

function show() {
  const count = ticked().length;
  bar().querySelector("[data-count]").textContent = count;
  if (does("compare")) does("compare").disabled = count < 2 || count > 4;
  for (const link of bar().querySelectorAll("[data-one]")) {
    if (count === 1) link.href = link.dataset.one + ticked()[0].value;
    else link.removeAttribute("href");
  }
  document.getElementById("live").textContent = count ? `${count} selected` : "Nothing selected";
}

function tick(some, on = true) {
  for (const box of some) box.checked = on;
  const over = ticked().slice(MOST);
  for (const box of over) box.checked = false;
  if (over.length) document.dispatchEvent(new CustomEvent("toast", { detail: `At most ${MOST} at a time.` }));
  show();
}

function between(one, other) {
  const all = boxes();
  const [first, last] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
  return first < 0 ? [other] : all.slice(first, last + 1);
}

function clear() {
  tick(document.querySelectorAll(".pick > input"), false);
  anchor = null;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".pick > input");
  if (!box || !bar()) return;
  if (event.shiftKey && anchor) tick(between(anchor, box), box.checked);
  else tick([box], box.checked);
  anchor = box;
  extended = [];
});

// Shift and an arrow: what was taken on the way is let go of when one comes back.
document.addEventListener("tile:extend", (event) => {
  const [from, to] = [event.detail.from, event.detail.to].map((tile) => tile.querySelector(".pick > input"));
  if (!from || !to) return;
  if (!extended.length) anchor = from;
  const now = between(anchor, to);
  tick(extended.filter((box) => !now.includes(box)), false);
  tick(now);
  extended = now;
});

document.addEventListener("keydown", (event) => {
  const all = event.key === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  const inField = event.target.closest("input:not([type=checkbox]), textarea, select");
  const open = document.querySelector("dialog[open], [popover]:popover-open");
  if (!bar() || event.defaultPrevented || inField || open) return;
  if (event.key === "Escape" && ticked().length) clear();
  else if (all && boxes().length) tick(boxes());
  else return;
  event.preventDefault();
});

document.addEventListener("reset", (event) => {
  if (event.target !== bar()) return;
  event.preventDefault();
  clear();
});

// Enter on a tick presses no button, and what was chosen in a menu closes it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.type === "checkbox" && event.target.form === bar()) event.preventDefault();
});
document.addEventListener("submit", ({ target }) => {
  if (target === bar()) target.querySelector(":popover-open")?.hidePopover();
});

// What the server did to these images, as its toast says.
function after(happened, ids) {
  const tiles = [...document.querySelectorAll(".pick > input")].filter((box) => ids.has(box.value)).map(tileOf);
  const leaves = happened === "gone" || (happened === "back" && bar().dataset.place === "trash");
  if (leaves) recount(-hide(tiles));
  else if (happened === "back") recount(unhide(tiles));
  else if (happened === "unmoved") for (const tile of tiles.reverse()) stand(tile);
  else if (happened === "marked" || happened === "unmarked")
    mark(tiles.flatMap((tile) => tile.querySelector(".heart") ?? []), happened === "marked");
  else if (happened in MOVES) {
    if (happened !== "dropped") for (const tile of tiles) (tile.stood ??= []).push(tile.nextSibling);
    MOVES[happened](tiles);
  }
  // What is arranged is often moved on.
  if (!(happened in MOVES)) clear();
}

// Both say how many.
function unhide(tiles) {
  const hidden = tiles.filter((tile) => tile.hidden);
  for (const tile of hidden) tile.hidden = false;
  return hidden.length;
}

function hide(tiles) {
  const all = boxes().map(tileOf);
  const place = Math.max(...tiles.map((tile) => all.indexOf(tile)));
  const stays = (tile) => !tiles.includes(tile);
  const next = all.slice(place).find(stays) ?? all.filter(stays).at(-1);
  for (const tile of tiles) tile.hidden = true;
  next?.querySelector("a").focus({ preventScroll: true });
  return tiles.length;
}

// The number beside the heading, unless it says "at least".
function recount(by) {
  const [number, what] = document.getElementById("count")?.childNodes ?? [];
  if (!number || number.data.includes("+")) return;
  const now = Number(number.data.replaceAll(",", "")) + by;
  number.data = now.toLocaleString("en");
  what.textContent = now === 1 ? " image" : " images";
}

// Where it stood before it was last moved.
function stand(tile) {
  tile.stood?.pop()?.before(tile);
  tile.hidden = false;
}

function mark(hearts, on) {
  for (const heart of hearts) {
    heart.setAttribute("aria-pressed", on);
    heart.value = on ? "0" : "1";
  }
}

const others = (tiles) => boxes().map(tileOf).filter((tile) => !tiles.includes(tile));
const above = (tiles, all) => all.filter((tile) => tile.compareDocumentPosition(tiles[0]) & Node.DOCUMENT_POSITION_FOLLOWING);
const below = (tiles, all) => all.filter((tile) => tile.compareDocumentPosition(tiles.at(-1)) & Node.DOCUMENT_POSITION_PRECEDING);
const MOVES = {
  first: (tiles) => others(tiles)[0]?.before(...tiles),
  earlier: (tiles) => (above(tiles, others(tiles)).at(-1) ?? others(tiles)[0])?.before(...tiles),
  later: (tiles) => (below(tiles, others(tiles))[0] ?? others(tiles).at(-1))?.after(...tiles),
  dropped() {},
  last(tiles) {
    if (!document.querySelector(".more")) return others(tiles).at(-1)?.after(...tiles);
    // They come again with what is not loaded yet.
    hide(tiles);
    clear();
  },
};

// What was typed to find a collection. The closed menu lists all again at once: a press while what it
// shows is exchanged would be lost.
function forget(name) {
  if (!name?.value) return;
  name.value = "";
  name.dispatchEvent(new Event("forgotten"));
}

new MutationObserver(() => {
  const toast = document.querySelector("#toasts > [data-happened]");
  if (!toast) return;
  const { happened, images } = toast.dataset;
  delete toast.dataset.happened;
  document.querySelector(".collect:popover-open")?.hidePopover();
  if (happened) forget(document.getElementById("collect-name"));
  if (happened && bar()) after(happened, new Set(images.trim().split(" ")));
}).observe(document.getElementById("toasts"), { childList: true });

// Not in the page from the start: the browser would look for what to focus, and complain of a tile that is.
document.addEventListener("beforetoggle", ({ target }) => (target.autofocus ||= target.matches(".collect")), true);

// A heart that was pressed shows it, and an undone step needs no offer to undo it any more.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!detail.successful) return;
  if (target.matches?.(".heart")) mark([target], detail.requestConfig.parameters.on === "1");
  if (target.matches?.(".undo")) target.closest(".toast")?.remove();
});
