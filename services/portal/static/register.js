// Registering a family by keyboard: lines that grow, arrows between their cells, the anchor's values proposed in grey,
// and who is there already while a name is typed. The form works without this, with more keys.

import { enhance as enhanceChoices } from "./combobox.js";
import { enhance as enhanceDays } from "./days.js";
import { element, say } from "./say.js";

const AFTER = 120;
const NUMBER = /^(\d+)-/;
const NAMES = /^\d+-(family_name|given_name|born_on)$/; // by which somebody is known
const csrf = document.body.dataset.csrf;

const linesOf = (form) => [...form.querySelectorAll("tbody[data-line]")];
const cellsOf = (line) => [...line.querySelectorAll("tr:first-child td[data-name] :is(input, select):not([hidden])")];
const isBlank = (line) => [...line.querySelectorAll("input:not([role=combobox]), select")].every((field) => !field.value);

// --- lines ----------------------------------------------------------------------------------------

function addLine(form, number = Math.max(0, ...linesOf(form).map((line) => Number(line.dataset.line))) + 1) {
  const made = document.createElement("table");
  made.innerHTML = form.querySelector("template#line").innerHTML.replaceAll("__n__", String(number));
  const line = made.querySelector("tbody");
  form.querySelector("table.family").append(line);
  bringOptions(form, line);
  enhanceChoices(line);
  enhanceDays(line);
  propose(form);
  form.dispatchEvent(new CustomEvent("draft-changed"));
  return line;
}

/** What there is to choose from, where a line has only what is chosen: as for the anchor. */
function bringOptions(form, line) {
  for (const select of line.querySelectorAll("select[data-like]")) {
    const all = form.elements[`0-${select.dataset.like}`];
    if (all?.tagName !== "SELECT" || select.options.length >= all.options.length) continue;
    const chosen = select.value;
    for (const option of all.options) if (option.value && option.value !== chosen) select.append(option.cloneNode(true));
    select.value = chosen;
  }
}

/** The line below, a new one if there is none; where the last one is still empty, stay. */
function goOn(form, line) {
  const lines = linesOf(form);
  const next = lines[lines.indexOf(line) + 1] ?? (isBlank(line) ? line : addLine(form));
  cellsOf(next)[0].focus();
}

/** What is typed and not sent yet waits; what was wrong is worth another try. */
function tell(line) {
  if (!line || line.matches("section, [data-saved]")) return;
  line.querySelector("[data-state]").replaceChildren(...(isBlank(line) ? [] : [element("span", { class: "state stopped" }, say("waiting"))]));
}

// --- keys: arrows move between cells, and into who is there already --------------------------------
//
// The links to those are no stops of Tab: who types on blindly must not land there.

const listIsOpen = (field) => field.getAttribute("aria-expanded") === "true";
const atStart = (field) => field.selectionStart === 0 && (field.selectionEnd === 0 || field.selectionEnd === field.value.length);
const atEnd = (field) => field.selectionEnd === field.value.length && (field.selectionStart === 0 || field.selectionStart === field.value.length);

const candidatesOf = (line) => [...line.querySelectorAll("[data-candidates] a")];

/** The cell of another line in the same column. */
const below = (lines, line, step, at) => {
  const other = lines[lines.indexOf(line) + step];
  return other && cellsOf(other)[at];
};

function move(form, line, field, key) {
  const lines = linesOf(form);
  const cells = cellsOf(line);
  const at = cells.indexOf(field);
  const found = candidatesOf(line);
  const link = found.indexOf(field);
  switch (key) {
    case "ArrowDown": return link < 0 ? found[0] ?? below(lines, line, 1, at) : found[link + 1] ?? below(lines, line, 1, 0);
    case "ArrowUp": return link < 0 ? below(lines, line, -1, at) : found[link - 1] ?? cameFrom(line);
    case "ArrowRight": return link >= 0 ? found[link + 1] : atEnd(field) && cells[at + 1];
    case "ArrowLeft": return link >= 0 ? found[link - 1] : atStart(field) && cells[at - 1];
    case "Escape": return link >= 0 ? cameFrom(line) : null;
    default: return null;
  }
}

const left = new WeakMap(); // the field of a line from which somebody went to its candidates
const cameFrom = (line) => left.get(line) ?? line.querySelector("input:not([type=hidden])");

function keys(form) {
  // Before the lists of the cells hear of it: there an arrow would open them. Alt and arrow does.
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    const line = field.closest("[data-line]");
    if (!line || event.ctrlKey || event.metaKey || event.altKey || listIsOpen(field)) return;
    const isCell = field.closest("td[data-name]");
    const isLink = field.closest("[data-candidates]");
    const isName = !isCell && NAMES.test(field.name); // the anchor's
    if (!isCell && !isLink && !isName) return;
    if (event.key === "Enter" && isCell) {
      event.preventDefault();
      event.stopPropagation();
      goOn(form, line);
      return;
    }
    const next = isName && event.key !== "ArrowDown" ? null : move(form, line, field, event.key);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isLink) left.set(line, field);
    next.focus();
    next.select?.();
  }, { capture: true });
  form.querySelector("[data-more]").addEventListener("click", (event) => {
    event.preventDefault();
    cellsOf(addLine(form))[0].focus();
  });
}

// --- proposals: what is typed for the anchor ------------------------------------------------------

function propose(form) {
  for (const field of form.querySelectorAll("tbody[data-line] [data-like]")) {
    const name = field.dataset.like;
    const anchors = form.elements[`0-${name}`] ?? form.elements[name];
    const said = anchors.tagName === "SELECT" ? (anchors.value ? anchors.selectedOptions[0]?.textContent.trim() ?? "" : "") : anchors.value;
    if (field.tagName !== "SELECT") field.placeholder = said;
    else {
      field.querySelector('option[value=""]').textContent = said;
      const box = field.nextElementSibling?.querySelector("input");
      if (box) box.placeholder = said;
    }
  }
}

// --- search before create -------------------------------------------------------------------------

const under = new WeakMap(); // what is asked for a line just now

function look(form, line) {
  const number = line.dataset.line;
  const place = line.querySelector("[data-candidates]");
  const typed = (name) => form.elements[`${number}-${name}`].value.trim();
  const like = form.elements["0-family_name"].value.trim();
  const names = { family_name: typed("family_name") || (number === "0" ? "" : like), given_name: typed("given_name"), born_on: typed("born_on") };
  under.get(line)?.abort();
  if (!typed("family_name") && !names.given_name) {
    place.replaceChildren();
    return;
  }
  const asked = new AbortController();
  under.set(line, asked);
  fetch("/personen/aehnliche", {
    method: "POST", body: new URLSearchParams(names), signal: asked.signal, redirect: "error",
    headers: { "X-CSRF-Token": csrf, "HX-Request": "true" },
  })
    .then((reply) => (reply.ok && reply.status !== 204 ? reply.text() : ""))
    .then((found) => {
      place.innerHTML = found;
    })
    .catch(() => {}); // asked anew, or away: registering goes on without
}

// --- putting it together --------------------------------------------------------------------------

function freeze(line) {
  for (const field of line.querySelectorAll("input:not([type=hidden]), select")) {
    if (field.type === "radio" || field.type === "checkbox" || field.tagName === "SELECT") {
      field.addEventListener("click", (event) => event.preventDefault());
      field.setAttribute("aria-disabled", "true");
      field.tabIndex = -1;
    } else field.readOnly = true;
  }
}

function enhance(form) {
  keys(form);
  for (const line of linesOf(form)) bringOptions(form, line);
  propose(form);
  for (const line of form.querySelectorAll("[data-saved]")) freeze(line);
  let later;
  form.addEventListener("input", (event) => {
    const line = event.target.closest("[data-line]");
    propose(form);
    tell(line);
    if (!NAMES.test(event.target.name)) return;
    clearTimeout(later);
    later = setTimeout(() => look(form, line), AFTER);
  });
  form.addEventListener("change", (event) => {
    propose(form);
    tell(event.target.closest("[data-line]"));
  });
  form.addEventListener("draft-restore", (event) => {
    const there = new Set(linesOf(form).map((line) => line.dataset.line));
    for (const [name] of event.detail.values) {
      const number = NUMBER.exec(name)?.[1];
      if (number && number !== "0" && !there.has(number)) {
        addLine(form, Number(number));
        there.add(number);
      }
    }
    setTimeout(() => {
      for (const line of form.querySelectorAll("[data-line]")) {
        if (line.querySelector("[data-id]").value) freeze(line);
      }
    });
  });
}

const form = document.getElementById("register");
if (form) enhance(form);
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "register") enhance(event.target);
});
