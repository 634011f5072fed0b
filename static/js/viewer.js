// The picture on its page: fit or full size by click, wheel, pinch and keys; dragging or arrows move it
// while it is larger. A transform alone moves it, so that nothing else moves. The original is fetched
// once the rendition has no more to show.
const pane = document.querySelector("[data-viewer]");
const link = pane?.querySelector(".picture");
const picture = link?.querySelector("img");
const ARROWS = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
const YEAR = 31_536_000;
const pointers = new Map();
let [scale, x, y] = [1, 0, 0];
let [start, moved] = [null, false];

const within = (value, most) => Math.min(Math.max(value, -most), Math.max(most, 0));
// At which scale each pixel of the picture is one of the screen. Where that is hardly larger, twice is.
const exact = () => picture.getAttribute("width") / link.offsetWidth / devicePixelRatio;
const full = () => (exact() > 1.2 ? exact() : 2);

function show() {
  const [width, height] = [link.offsetWidth * scale, link.offsetHeight * scale];
  x = within(x, (width - pane.clientWidth) / 2);
  y = within(y, (height - pane.clientHeight) / 2);
  picture.style.transform = scale > 1 ? `translate(${x}px, ${y}px) scale(${scale})` : "";
  pane.classList.toggle("zoomed", scale > 1);
  pane.querySelector("output").value = scale > 1 ? `${Math.round((100 * scale) / exact())} %` : "Fit";
  if (scale > 1 && width * devicePixelRatio > picture.naturalWidth) sharpen();
}

async function sharpen() {
  if (picture.src === link.href) return;
  const original = new Image();
  original.src = link.href;
  await original.decode();
  picture.removeAttribute("srcset");
  picture.src = link.href;
}

// What lies under the pointer stays there.
function zoom(to, at) {
  const box = pane.getBoundingClientRect();
  const [dx, dy] = at ? [at.clientX - box.x - box.width / 2, at.clientY - box.y - box.height / 2] : [0, 0];
  const before = scale;
  scale = Math.min(Math.max(to, 1), full() * 4);
  [x, y] = [dx - ((dx - x) * scale) / before, dy - ((dy - y) * scale) / before];
  show();
}

function move(dx, dy) {
  [x, y] = [x + dx, y + dy];
  show();
}

const toggle = (at) => zoom(scale > 1 ? 1 : full(), at);
const DOES = { in: () => zoom(scale * 1.4), out: () => zoom(scale / 1.4), fit: () => zoom(1), toggle: () => toggle() };

function drag(event) {
  // One that was let go of elsewhere holds nothing any more.
  if (!event.buttons) pointers.delete(event.pointerId);
  const before = pointers.get(event.pointerId);
  if (!before) return;
  pointers.set(event.pointerId, event);
  moved ||= Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > 4;
  if (moved && scale > 1) pane.setPointerCapture(event.pointerId);
  const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
  const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
  if (other) {
    // What lies between two fingers stays between them.
    const [clientX, clientY] = [(before.clientX + other.clientX) / 2, (before.clientY + other.clientY) / 2];
    zoom((scale * apart(event)) / apart(before), { clientX, clientY });
    move(dx / 2, dy / 2);
  } else if (moved && scale > 1) move(dx, dy);
}

function listen() {
  const held = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  const listeners = {
    click(event) {
      const button = event.target.closest("[data-zoom]");
      if (button) DOES[button.dataset.zoom]();
      else if (event.target.closest(".picture") && !held(event)) {
        event.preventDefault();
        // Neither the second half of a double click nor the end of a drag.
        if (event.detail < 2 && !moved) toggle(event.detail ? event : null);
      }
    },
    pointerdown(event) {
      if (event.target.closest("button, .edge")) return;
      if (!pointers.size) [start, moved] = [event, false];
      pointers.set(event.pointerId, event);
    },
    pointermove: drag,
    pointerup: (event) => pointers.delete(event.pointerId),
    pointercancel: (event) => pointers.delete(event.pointerId),
    dragstart: (event) => event.preventDefault(),
  };
  for (const [name, does] of Object.entries(listeners)) pane.addEventListener(name, does);
  pane.addEventListener("wheel", wheel, { passive: false });
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("dialog[open], [popover]:popover-open");
    const inField = event.target.closest("input, textarea, select");
    if (scale === 1 || open || inField || held(event)) return;
    if (event.key in ARROWS) move(...ARROWS[event.key]);
    else if (event.key === "Escape") zoom(1);
    else return;
    event.preventDefault();
  });
}

// Where the details are below, the wheel is what leads to them.
function wheel(event) {
  if (scale === 1 && !event.ctrlKey && !matchMedia("(min-width: 1101px)").matches) return;
  event.preventDefault();
  zoom(scale * Math.exp(-within(event.deltaY, 200) / 400), event);
}

// What is turned on or to its next value stays so on the other images' pages, without a jump.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-turn]");
  if (!button) return;
  const { turn, values } = button.dataset;
  const host = document.querySelector(`[data-${turn}]`);
  const all = values.split(" ");
  const next = all[(all.indexOf(host.dataset[turn]) + 1) % all.length];
  host.dataset[turn] = next;
  if (button.ariaExpanded) button.ariaExpanded = String(next === "on");
  document.getElementById("live").textContent = `${button.ariaLabel}: ${next}`;
  document.cookie = `${turn}=${next}; path=/i/; max-age=${YEAR}; samesite=lax`;
  if (pane) show();
});

if (pane) listen();
