// Finding by keyboard: Enter in the search opens the first file that is found, arrows go through the list.

const search = document.querySelector("[data-search]");
const hits = () => [...document.querySelectorAll("#found .whole")];
const isCurrent = () => document.getElementById("found").dataset.for === search.value.trim();

document.addEventListener("keydown", (event) => {
  const stops = [search, ...hits()];
  const at = stops.indexOf(document.activeElement);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && stops[at + step]) {
    event.preventDefault();
    stops[at + step].focus();
  } else if (event.key === "Enter" && at === 0 && stops.length > 1 && isCurrent()) {
    event.preventDefault();
    stops[1].click();
  }
});
