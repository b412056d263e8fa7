// Choosing by first letters: <select data-combobox> becomes a field that offers what begins as it was typed.
// The select stays, out of sight, and holds the value: forms, drafts and pages without scripts need nothing else.
// Follows the ARIA pattern of an editable combobox with a listbox.

import { all, element, folded, say } from "./say.js";

let made = 0;

/** Whether a word of the label begins like this; earlier words count more. -1: none does. */
export function rank(label, typed) {
  const wanted = folded(typed.trim());
  if (!wanted) return 0;
  const words = folded(label).split(/[\s(/-]+/);
  if (folded(label).startsWith(wanted)) return 0;
  return words.findIndex((word) => word.startsWith(wanted));
}

/** A text field with a list below it. ``options()``: {value, label} to choose from; ``choose``: called with one. */
export function combobox({ id, options, choose, describedby, required, opensEmpty = true }) {
  made += 1;
  const listId = `options-${made}`;
  const input = element("input", {
    id, type: "text", role: "combobox", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
    "aria-describedby": describedby, "aria-required": required ? "true" : null,
  });
  const list = element("ul", { id: listId, role: "listbox", hidden: true });
  const status = element("span", { class: "visually-hidden", role: "status" });
  const box = element("div", { class: "combo" }, input, list, status);
  let shown = [];
  let active = -1;

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const mark = (index) => {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  };
  const open = (typed) => {
    shown = options()
      .map((option) => ({ ...option, rank: rank(option.label, typed) }))
      .filter((option) => option.rank >= 0)
      .sort((a, b) => (typed ? a.rank - b.rank : 0));
    list.replaceChildren(
      ...shown.map((option, at) => element("li", { id: `${listId}-${at}`, role: "option", "aria-selected": "false" }, ...marked(option.label, typed))),
    );
    list.hidden = shown.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = shown.length ? say("found", { n: shown.length }) : say("nothing-found");
    mark(typed && shown.length ? 0 : -1);
  };
  const take = (index) => {
    const option = shown[index];
    close();
    if (option) choose(option);
  };

  input.addEventListener("input", () => open(input.value));
  input.addEventListener("click", () => (list.hidden && opensEmpty ? open("") : undefined));
  input.addEventListener("blur", () => setTimeout(close, 100));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open(input.selectionStart === 0 && input.selectionEnd === input.value.length ? "" : input.value);
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (shown.length) mark((active + step + shown.length) % shown.length);
    } else if (event.key === "Enter" && !list.hidden && active >= 0 && !event.ctrlKey) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Tab" && !list.hidden && active >= 0 && input.value.trim()) {
      take(active); // and the focus goes on
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) take([...list.children].indexOf(item));
  });
  return { box, input, close };
}

function marked(label, typed) {
  const wanted = typed.trim();
  const at = wanted ? folded(label).search(new RegExp(`(^|[\\s(/-])${folded(wanted).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`)) : -1;
  if (at < 0 || folded(label).length !== label.length) return [label];
  const from = at === 0 && folded(label).startsWith(folded(wanted)) ? 0 : at + 1;
  return [label.slice(0, from), element("mark", {}, label.slice(from, from + wanted.length)), label.slice(from + wanted.length)];
}

/** What there is to choose from in a select: {value, label} of each option that is to be kept. */
export function optionsOf(select, keep) {
  return [...select.options].filter(keep).map((option) => ({ value: option.value, label: option.textContent.trim() }));
}

/** Take a select out of sight; its label then belongs to the field that stands for it. */
export function stepAside(select) {
  const id = select.id;
  select.id = `${id}-value`;
  select.hidden = true;
  const { required } = select;
  select.required = false; // a browser could not show what is missing where nothing is to be seen
  return { id, required, describedby: select.getAttribute("aria-describedby"), invalid: select.getAttribute("aria-invalid") };
}

function enhanceOne(select) {
  select.dataset.enhanced = "yes";
  const { id, required, describedby, invalid } = stepAside(select);
  const label = () => (select.value ? select.selectedOptions[0]?.textContent.trim() ?? "" : "");
  const { box, input } = combobox({
    id,
    describedby,
    required,
    options: () => optionsOf(select, (option) => option.value),
    choose: (option) => {
      select.value = option.value;
      show();
      input.select();
      changed(select);
    },
  });
  if (invalid) input.setAttribute("aria-invalid", invalid);
  input.placeholder = select.querySelector('option[value=""]')?.textContent.trim() ?? "";
  const show = () => {
    input.value = label();
  };
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    if (!input.value.trim() && select.value && select.querySelector('option[value=""]')) {
      select.value = "";
      changed(select);
    }
    show(); // what was typed without choosing is not kept as if it were chosen
  });
  select.addEventListener("change", show);
  select.after(box);
  show();
  if (select.autofocus) input.focus(); // what was meant for the select
}

/** Say that a form's value changed, as if somebody had done it by hand. */
export function changed(select) {
  select.dispatchEvent(new Event("change", { bubbles: true }));
  select.form?.dispatchEvent(new CustomEvent("draft-changed"));
}

export function enhance(root) {
  for (const select of all(root, "select[data-combobox]:not([data-enhanced])")) enhanceOne(select);
}
