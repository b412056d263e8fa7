// My day by keyboard: j and k (or the arrows) move from stop to stop, b or Enter records a talk with the one that is
// marked, n goes to "nobody met" and Enter records that. Tab goes through the marked stop and on past the list.

import { single } from "./keys.js";

const list = document.querySelector("form.rounds");
const stops = list ? [...list.querySelectorAll(".stop")] : [];
const controls = (stop) => stop.querySelectorAll("a[href], button");
const marked = () => stops.find((stop) => stop.hasAttribute("aria-current"));
const record = (stop) => stop?.querySelector(".do a") ?? stop?.querySelector("a");

function mark(stop) {
  for (const each of stops) {
    each.toggleAttribute("aria-current", false);
    for (const control of controls(each)) control.tabIndex = each === stop ? 0 : -1;
  }
  stop?.setAttribute("aria-current", "true");
}

/** To the next stop or the one before; the first key only shows where one is. */
function go(step) {
  const at = stops.indexOf(marked());
  const here = stops[at]?.contains(document.activeElement);
  record(stops[here ? Math.min(Math.max(at + step, 0), stops.length - 1) : at])?.focus();
}

if (list) {
  mark(marked() ?? stops[0]);
  list.addEventListener("focusin", (event) => {
    const stop = event.target.closest(".stop");
    if (stop) mark(stop);
  });
  document.addEventListener("keydown", (event) => {
    const key = single(event);
    const free = event.target === document.body || event.target.id === "main";
    const within = free || list.contains(event.target);
    if (key === "j" || (key === "ArrowDown" && within)) go(1);
    else if (key === "k" || (key === "ArrowUp" && within)) go(-1);
    else if (key === "b" || (key === "Enter" && free)) marked()?.querySelector(".do a")?.click();
    else if (key === "n") marked()?.querySelector(".do button")?.focus();
    else return;
    event.preventDefault();
  });
}
