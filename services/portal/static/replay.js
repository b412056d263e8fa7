// Plays a stream's steps, which all are on the page: play, pause, jump by slider, list or keys. Without this script
// each step is a link.

import { say } from "./say.js";

const STEP_MS = 1200;
const player = document.querySelector("[data-player]");

if (player) {
  const slider = player.querySelector("input[type=range]");
  const state = document.getElementById("state");
  const where = player.querySelector("[data-where]");
  const play = player.querySelector("[data-go=play]");
  const states = new Map([...document.querySelectorAll("template[data-state]")].map((each) => [Number(each.dataset.state), each]));
  const [first, last] = [Number(slider.min), Number(slider.max)];
  let now = Number(slider.value);
  let timer;

  const show = (step) => {
    now = Math.min(Math.max(step, first), last);
    state.replaceChildren(states.get(now).content.cloneNode(true));
    slider.value = String(now);
    where.textContent = say("where", { n: now });
    for (const link of document.querySelectorAll(".steps a")) {
      if (Number(link.dataset.step) === now) {
        link.setAttribute("aria-current", "step");
        link.scrollIntoView({ block: "nearest" });
      } else link.removeAttribute("aria-current");
    }
    history.replaceState(null, "", `?schritt=${now}`);
  };

  const pause = () => {
    clearInterval(timer);
    timer = undefined;
    tell();
  };
  const start = () => {
    if (now === last) show(first);
    timer = setInterval(() => (now < last ? show(now + 1) : pause()), STEP_MS);
    tell();
  };
  const tell = () => {
    const playing = timer !== undefined;
    for (const each of play.querySelectorAll("[data-when]")) each.hidden = (each.dataset.when === "playing") !== playing;
    state.setAttribute("aria-live", playing ? "off" : "polite"); // nobody is read every step while it plays
  };

  const go = { first: () => show(first), previous: () => show(now - 1), next: () => show(now + 1), last: () => show(last) };
  player.addEventListener("click", (event) => {
    const what = event.target.closest("[data-go]")?.dataset.go;
    if (!what) return;
    event.preventDefault();
    if (what === "play" && timer === undefined) start();
    else {
      pause();
      go[what]?.();
    }
  });
  player.addEventListener("submit", (event) => event.preventDefault());
  slider.addEventListener("input", () => {
    pause();
    show(Number(slider.value));
  });
  document.querySelector(".steps").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-step]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    pause();
    show(Number(link.dataset.step));
  });

  play.hidden = false;
  for (const each of player.querySelectorAll("[data-without-scripts]")) each.hidden = true;
}
