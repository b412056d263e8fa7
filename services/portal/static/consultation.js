// Recording a talk by keyboard: letters choose where it was, arrows set the minutes, a topic opens its row of the
// field matrix. All of it works without this, with more keys.

import { changed } from "./combobox.js";
import { enhance as enhanceGrids, settle } from "./grid.js";
import { single } from "./keys.js";
import { folded } from "./say.js";

const STEP = 5;

/** Few choices in sight: the first letter of one chooses it, while the focus is among them; again, the next such. */
function byLetter(group) {
  group.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    const begin = [...group.querySelectorAll("label.choice")]
      .filter((label) => folded(label.textContent.trim()).startsWith(folded(event.key)))
      .map((label) => label.querySelector("input"));
    if (!begin.length) return;
    event.preventDefault();
    const choice = begin[(begin.findIndex((each) => each.checked) + 1) % begin.length];
    choice.focus();
    choice.checked = true;
    changed(choice);
  });
}

/** Minutes: an arrow goes on in steps of five; one pressed in the empty field starts where most talks end. */
function byArrows(field) {
  field.addEventListener("keydown", (event) => {
    const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (!step || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const now = Number.parseInt(field.value, 10);
    field.value = String(Number.isNaN(now) ? Number(field.dataset.start) : Math.max(STEP, now + step));
    changed(field);
  });
}

/** A row of the matrix is there when its topic is, or when something in it is ticked: nothing is sent unseen. */
function byTopic(matrix, topics) {
  const rows = [...matrix.querySelectorAll("[data-topic]")];
  const show = () => {
    const chosen = new Set([...topics.selectedOptions].map((option) => option.value));
    for (const row of rows) row.hidden = !chosen.has(row.dataset.topic) && !row.querySelector(":checked");
    matrix.hidden = rows.every((row) => row.hidden);
    settle(matrix);
  };
  topics.addEventListener("change", show);
  topics.form.addEventListener("draft-restore", () => setTimeout(show)); // once the ticks are back
  show();
}

function enhanceForm(form) {
  form.querySelectorAll("[data-letters]").forEach(byLetter);
  form.querySelectorAll("[data-minutes]").forEach(byArrows);
  for (const day of form.querySelectorAll("[data-day]")) day.addEventListener("focus", () => day.select());
  const matrix = form.querySelector("[data-matrix]");
  const topics = form.querySelector("select[name=topics]");
  if (matrix && topics) byTopic(matrix, topics);
}

const nobody = document.querySelector("[data-nobody]");
document.addEventListener("keydown", (event) => {
  if (!nobody || single(event) !== "n") return;
  event.preventDefault();
  nobody.focus(); // Enter then records it: no visit is recorded by a slip of one finger
});

enhanceGrids(document);
document.querySelectorAll("form.talk").forEach(enhanceForm);
document.querySelector("[data-first] [tabindex='0']")?.focus();
document.addEventListener("htmx:load", (event) => {
  if (!event.target.matches("form.talk")) return; // it came back with something wrong
  enhanceGrids(event.target);
  enhanceForm(event.target);
});
