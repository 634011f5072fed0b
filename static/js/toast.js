// Short news at the foot of the window: the server's messages, and what other modules say with a
// "toast" event. Each stays eight seconds, longer while it is pointed at or holds the focus.
const STAYS = 8000;
const region = document.getElementById("toasts");

function expire(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), STAYS);
}

function say(words) {
  const toast = region.querySelector("template").content.firstElementChild.cloneNode(true);
  toast.querySelector(".words").textContent = words;
  region.append(toast);
}

region.querySelectorAll(".toast").forEach(expire);
new MutationObserver((changes) => {
  const added = changes.flatMap((change) => [...change.addedNodes]);
  added.filter((node) => node.matches?.(".toast")).forEach(expire);
}).observe(region, { childList: true });

region.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast").remove();
});
document.addEventListener("toast", (event) => say(event.detail));

// A fragment that refreshes itself tries again by itself; what a person sent, pressed or typed does not.
const sent = (event) => event.detail.requestConfig.verb !== "get";
const asked = (event) => event.target.matches("a, form, input");
const NOT_LOADED = "That could not be loaded; what you see is as it was. Try again in a moment.";
const WHY = {
  403: "Your role cannot do this. Nothing was changed.",
  404: "That is not here any more. Nothing was changed; load the page again.",
  503: "Darkroom is back in a moment. Nothing was lost; send it again then.",
};
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (sent(event)) say(WHY[status] ?? "Something broke on our side. Your prompt is safe; try again.");
  else if (asked(event)) say(NOT_LOADED);
});
document.addEventListener("htmx:sendError", (event) => {
  if (sent(event)) say("The server cannot be reached. Your prompt is safe; try again.");
  else if (asked(event)) say(NOT_LOADED);
});
