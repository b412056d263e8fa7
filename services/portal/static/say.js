// Sentences for scripts, in the page's language: <template id="sentences"> of base.html, or of a page
// (<template class="sentences">), each <p data-sentence="name">… {fact} …</p>.

function sentences() {
  const found = {};
  for (const template of document.querySelectorAll("template#sentences, template.sentences")) {
    for (const each of template.content.querySelectorAll("[data-sentence]")) {
      found[each.dataset.sentence] = each.textContent;
    }
  }
  return found;
}

/** A sentence with its facts filled in: say("restored", { time }). */
export function say(name, facts = {}) {
  const sentence = sentences()[name] ?? name;
  return sentence.replace(/\{(\w+)\}/g, (whole, fact) => facts[fact] ?? whole);
}

const { lang } = document.documentElement;
/** How dates and numbers are written: never month first. */
export const locale = lang === "en" ? "en-GB" : lang;

/** An element: element("p", { class: "hint" }, "text", other, …). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** What fits a selector in what is new on the page, itself included. */
export function all(root, selector) {
  return [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
}

/** Text as it is compared: small letters, without accents; ß is ss. */
export function folded(text) {
  return text.toLowerCase().replace(/ß/g, "ss").normalize("NFD").replace(/\p{M}/gu, "");
}

/** A message that appears in the corner; kind: ok, due, late, stopped. It goes by itself unless it is late. */
export function toast(kind, text) {
  const note = element("div", { class: `note ${kind}` }, element("div", {}, element("p", {}, text)));
  document.getElementById("toasts").append(note);
  if (kind !== "late") setTimeout(() => note.remove(), 8000);
  return note;
}
