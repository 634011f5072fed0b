// Moderation by keys. In the queue j and k go to the next and the previous report, Space looks at its
// picture, and a and x begin a decision about it; beside the picture they do the same.
const FIELD = "input:not([type=checkbox]), textarea, select";
const STEPS = { j: 1, k: -1 };
const ACTIONS = { a: "leave", x: "hide" };
const rows = [...document.querySelectorAll("#result_list tbody tr")];
const look = (row) => row?.querySelector(".field-picture a");

function decide(row, action) {
  const form = document.getElementById("changelist-form");
  if (!form.elements.action) return;
  for (const one of rows) one.querySelector(".action-select").checked = one === row;
  form.elements.action.value = action;
  form.elements.index.click();
}

function meant(key, row) {
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (button) return () => button.click();
  const next = key in STEPS && look(rows[rows.indexOf(row) + STEPS[key]]);
  if (next) return () => next.focus();
  if (row && key in ACTIONS) return () => decide(row, ACTIONS[key]);
  return row && key === " " && document.activeElement === look(row) && (() => look(row).click());
}

document.addEventListener("keydown", (event) => {
  const { target, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (ctrlKey || metaKey || altKey || shiftKey || target.closest(FIELD)) return;
  const does = meant(event.key.toLowerCase(), target.closest("#result_list tbody tr"));
  if (!does) return;
  event.preventDefault();
  does();
});

for (const help of document.querySelectorAll("[data-keys]")) help.hidden = !matchMedia("(hover: hover)").matches;
