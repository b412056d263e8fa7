// Undo for some seconds: <form data-undo="10"> counts down in its <span data-left> and goes when the time is over;
// what stands behind it (take back later) stays. While somebody is at its button the clock stands still: no hurry.

import { single } from "./keys.js";
import { all } from "./say.js";

function enhanceOne(form) {
  const left = form.querySelector("[data-left]");
  const button = form.querySelector("button");
  let seconds = Number(form.dataset.undo);
  const show = () => {
    left.textContent = left.dataset.left.replace("{seconds}", String(seconds));
  };
  const clock = setInterval(() => {
    if (form.matches(":hover") || form.contains(document.activeElement) || form.dataset.sent) return;
    seconds -= 1;
    if (seconds > 0) return void show();
    clearInterval(clock);
    form.remove();
  }, 1000);
  document.addEventListener("keydown", (event) => {
    if (single(event) !== "u" || !form.isConnected) return;
    event.preventDefault();
    button.click();
  });
  show();
}

export function enhance(root) {
  all(root, "form[data-undo]").forEach(enhanceOne);
}
