// Finding by keyboard: Enter in the search opens the first file that is found, arrows go through the list.

const search = document.querySelector("[data-search]");
const hits = () => [...document.querySelectorAll("#found .whole")];

search.addEventListener("keydown", (event) => {
  const [first] = hits();
  const isCurrent = document.getElementById("found").dataset.for === search.value.trim();
  if (event.key === "ArrowDown" && first) {
    event.preventDefault();
    first.focus();
  } else if (event.key === "Enter" && first && isCurrent && !event.ctrlKey) {
    event.preventDefault();
    first.click();
  }
});

document.addEventListener("keydown", (event) => {
  const all = hits();
  const at = all.indexOf(document.activeElement);
  if (at < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const next = event.key === "ArrowDown" ? all[at + 1] : all[at - 1];
  if (next) next.focus();
  else if (event.key === "ArrowUp") search.focus();
});
