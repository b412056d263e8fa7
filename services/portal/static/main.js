// What every page does: focus, keys, sending once, the end of a session. Other modules are loaded where they are used.

import { all, say, toast } from "./say.js";
import { keysOff, single, switchKeys } from "./keys.js";
import { enhance as enhanceDays } from "./days.js";
import { enhance as enhanceDrafts, forgetDone } from "./drafts.js";
import { enhance as enhanceChoices } from "./combobox.js";
import { enhance as enhanceChips } from "./chips.js";
import { enhance as enhanceUndo } from "./undo.js";

// --- what is new on the page: at first all of it, later what htmx brings --------------------------

function enhance(root) {
  enhanceChoices(root);
  enhanceChips(root);
  enhanceDays(root);
  enhanceDrafts(root);
  enhanceUndo(root);
  all(root, "[data-focus]")[0]?.focus();
}

forgetDone();
enhance(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) enhance(event.target);
});

for (const problem of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(problem, () => toast("late", say("unreachable")));
}

// --- sending: once, whatever is clicked how often; Ctrl+Enter from everywhere in the form ---------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});

function ready(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
}

addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(ready)); // back by the browser
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest("form");
  if (form) ready(form);
});

// --- keys -----------------------------------------------------------------------------------------

const singleKeys = document.getElementById("single-keys");
if (singleKeys) {
  singleKeys.checked = !keysOff();
  singleKeys.addEventListener("change", () => switchKeys(singleKeys.checked));
}

let goes = false;
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.("form");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  const key = single(event);
  if (key === null) return;
  if (goes && /^[1-9]$/.test(key)) {
    document.querySelectorAll(".places a")[Number(key) - 1]?.click();
  } else if (key === "?") {
    location.assign("/hilfe");
  } else if (key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select?.();
  }
  goes = key === "g";
});

// --- the end of a session: a warning two minutes before, and nothing typed is lost ------------------

const { idle, page, csrf } = document.body.dataset;
const dialog = document.getElementById("idle");
if (idle && dialog) {
  const lasts = Number(idle) * 1000;
  const warnAt = Math.max(lasts - 120_000, lasts / 2);
  const SEEN = "last-sign-of-life"; // shared by all tabs
  const left = document.getElementById("idle-left");
  let typed = false;

  const seen = () => Number(localStorage.getItem(SEEN) ?? 0);
  const note = () => localStorage.setItem(SEEN, String(Date.now()));
  const stay = async () => {
    typed = false;
    try {
      const reply = await fetch("/sitzung", { method: "POST", headers: { "X-CSRF-Token": csrf }, redirect: "manual" });
      if (reply.ok) note();
    } catch {
      toast("late", say("unreachable"));
    }
    if (dialog.open) dialog.close();
  };

  note();
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) note();
  });
  document.addEventListener("input", () => {
    typed = true;
  });
  document.getElementById("idle-stay").addEventListener("click", stay);
  dialog.addEventListener("cancel", stay);

  setInterval(() => {
    const silent = Date.now() - seen();
    if (silent > lasts) {
      location.assign(`/anmelden?zeit=1&weiter=${encodeURIComponent(page)}`);
    } else if (typed && silent > Math.min(lasts / 6, 300_000)) {
      stay(); // somebody is writing, only not sending
    } else if (silent > warnAt) {
      left.textContent = String(Math.max(0, Math.round((lasts - silent) / 1000)));
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) {
      dialog.close(); // somebody went on working in another tab
    }
  }, 1000);
}
