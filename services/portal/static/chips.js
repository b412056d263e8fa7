// Several of many: <select multiple data-chips> becomes a row of chips with a field that adds by first letters.
// Enter, Tab or a comma adds what is marked; Backspace in the empty field takes the last one away.

import { changed, combobox, optionsOf, stepAside } from "./combobox.js";
import { all, element, say } from "./say.js";

function enhanceOne(select) {
  select.dataset.enhanced = "yes";
  const { id, required, describedby, invalid } = stepAside(select);
  const chosen = element("ul", { class: "chosen", role: "list" });
  const { box, input, close } = combobox({
    id,
    describedby,
    required,
    options: () => optionsOf(select, (option) => !option.selected),
    choose: (option) => {
      input.value = "";
      set(option.value, true);
    },
  });
  if (invalid) input.setAttribute("aria-invalid", invalid);

  const set = (value, selected) => {
    for (const option of select.options) if (option.value === value) option.selected = selected;
    changed(select);
  };
  const show = () => {
    chosen.replaceChildren(
      ...[...select.selectedOptions].map((option) => {
        const label = option.textContent.trim();
        const chip = element("button", { type: "button", "aria-label": `${label}: ${say("remove")}` }, label);
        chip.addEventListener("click", () => {
          set(option.value, false);
          input.focus();
        });
        return element("li", {}, chip);
      }),
    );
  };

  input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !input.value && select.selectedOptions.length) {
      event.preventDefault();
      set([...select.selectedOptions].at(-1).value, false);
    } else if (event.key === "," && input.value.trim()) {
      event.preventDefault();
      input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    } else if (event.key === "Enter" && input.value.trim() && !event.ctrlKey && !event.metaKey) {
      event.preventDefault(); // nothing begins like this: what is half typed is not sent unseen
    }
  });
  input.addEventListener("blur", () => {
    input.value = "";
    close();
  });
  select.addEventListener("change", show);
  select.after(chosen, box);
  show();
}

export function enhance(root) {
  for (const select of all(root, "select[data-chips]:not([data-enhanced])")) enhanceOne(select);
}
