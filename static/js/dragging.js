// Ordering a collection by dragging, with the call that the buttons of Arrange make. What is dropped
// beside another image lies there at once, and goes back if the server refuses. Ticked ones go together.
const arrange = () => document.getElementById("arrange");
const tileUnder = ({ target }) => target.closest?.(".wall > .tile");
const drops = [];
let dragged = [];
let place = null;

function show(next) {
  if (place) delete place.tile.dataset.drop;
  place = next;
  if (place) place.tile.dataset.drop = place.side;
}

function take(event) {
  const tile = arrange() && tileUnder(event);
  if (!tile) return;
  const ticked = [...document.querySelectorAll(".tile:not([hidden]):has(.pick > :checked)")];
  dragged = ticked.includes(tile) ? ticked : [tile];
  for (const one of dragged) one.classList.add("dragged");
}

function over(event) {
  if (!dragged.length) return;
  const tile = tileUnder(event);
  if (tile) {
    const { x, width } = tile.getBoundingClientRect();
    const side = event.clientX < x + width / 2 ? "before" : "after";
    show(dragged.includes(tile) ? null : { tile, side });
  } else if (!event.target.closest?.(".wall")) show(null);
  if (place) event.preventDefault();
}

function drop(event) {
  if (!place) return;
  event.preventDefault();
  const { tile, side } = place;
  const value = (one) => one.querySelector(".pick > input").value;
  drops.push(dragged.map((one) => [one, one.nextSibling]));
  const values = { to: side, beside: value(tile), image: dragged.map(value) };
  tile[side](...dragged);
  dragged[0].querySelector("a").focus({ preventScroll: true });
  htmx.ajax("POST", arrange().dataset.at, { source: arrange(), swap: "none", values });
}

function end() {
  for (const one of dragged) one.classList.remove("dragged");
  dragged = [];
  show(null);
}

const listeners = { dragstart: take, dragover: over, drop, dragend: end };
for (const [name, does] of Object.entries(listeners)) document.addEventListener(name, does);

// The last first: what follows one may have been dragged with it.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (target !== arrange()) return;
  const stays = detail.xhr.responseText.includes('data-happened="dropped"');
  for (const [tile, next] of drops.shift().reverse()) {
    if (stays) (tile.stood ??= []).push(next);
    else next.before(tile);
  }
});

// What was moved to the end of what is loaded comes again with what follows.
document.addEventListener("htmx:load", ({ target }) => {
  if (!arrange()) return;
  for (const { value } of target.querySelectorAll(".wall .pick > input")) {
    const [here, again] = document.querySelectorAll(`.pick > [value="${value}"]`);
    (here.closest(".tile").hidden ? here : again)?.closest(".tile").remove();
  }
});
