// Drafts: what is typed into <form data-draft="command:id"> is kept in this browser until the server has it.
//
// Encrypted (AES-GCM) under a key that the server gives only to the account's own session; it is fetched with the page,
// while the server is there, held in memory, and cannot be taken out. Stored under account and draft name, so nobody
// else is ever offered it. A draft carries the form's idempotency key: what had arrived although its answer did not is
// not recorded twice.

import { all, element, locale, say } from "./say.js";

const PREFIX = "draft";
const LASTS = 14 * 24 * 3600 * 1000;
const AFTER = 250;
const NOT_KEPT = new Set(["_csrf", "_page"]);

const account = document.body.dataset.account;
const place = (name) => `${PREFIX}:${account}:${name}`;

let asked;
function key() {
  asked ??= fetch("/entwurfsschluessel", { headers: { Accept: "application/json" }, redirect: "error" })
    .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error("no key"))))
    .then(({ account: whose, key: text }) => {
      if (whose !== account) throw new Error("somebody else has logged in"); // in another tab
      return crypto.subtle.importKey("raw", bytes(text), "AES-GCM", false, ["encrypt", "decrypt"]);
    })
    .catch((error) => {
      asked = undefined;
      throw error;
    });
  return asked;
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
const about = (name) => new TextEncoder().encode(place(name));

async function keep(name, values) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(values));
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about(name) }, await key(), plain);
  localStorage.setItem(place(name), JSON.stringify({ at: Date.now(), iv: text(iv), box: text(box) }));
}

async function kept(name) {
  const stored = localStorage.getItem(place(name));
  if (!stored) return null;
  const { at, iv, box } = JSON.parse(stored);
  const algorithm = { name: "AES-GCM", iv: bytes(iv), additionalData: about(name) };
  const plain = await crypto.subtle.decrypt(algorithm, await key(), bytes(box));
  return { at, values: JSON.parse(new TextDecoder().decode(plain)) };
}

/** Forget a draft: it has arrived, or its author does not want it. */
export function forget(name) {
  localStorage.removeItem(place(name));
}

/** The page says which drafts have arrived; old ones and broken ones go, too. */
export function forgetDone() {
  for (const done of document.querySelectorAll('meta[name="draft-done"]')) forget(done.content);
  for (const stored of Object.keys(localStorage).filter((each) => each.startsWith(`${PREFIX}:`))) {
    try {
      if (Date.now() - JSON.parse(localStorage.getItem(stored)).at > LASTS) localStorage.removeItem(stored);
    } catch {
      localStorage.removeItem(stored);
    }
  }
}

const same = (values, others) => JSON.stringify(values) === JSON.stringify(others);

function typed(form) {
  return [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && typeof value === "string");
}

/** Put values into a form. Modules that build rows or lists listen for "draft-restore" and do so first. */
function fill(form, values) {
  form.dispatchEvent(new CustomEvent("draft-restore", { detail: { values } }));
  const left = new Map();
  for (const [name, value] of values) left.set(name, [...(left.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NOT_KEPT.has(field.name)) continue;
    const wanted = left.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = wanted.includes(field.value);
    } else if (field.tagName === "SELECT") {
      for (const option of field.options) option.selected = wanted.includes(option.value);
    } else if (field.type !== "submit" && field.tagName !== "BUTTON" && field.tagName !== "FIELDSET" && wanted.length) {
      field.value = wanted.shift();
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

async function offer(form, name) {
  const blank = typed(form);
  let draft;
  try {
    draft = await kept(name);
  } catch {
    return; // another key, or no server: it stays where it is
  }
  if (!draft || same(draft.values, blank)) return;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" }).format(draft.at);
  const note = element("div", { class: "note due", role: "status", "data-draft-note": true });
  const tell = (sentence, label, act) => {
    const button = element("button", { type: "button", class: "small" }, say(label));
    button.addEventListener("click", act);
    const said = element("p", {}, say(sentence, { time }));
    note.replaceChildren(element("div", {}, said, element("div", { class: "buttons" }, button)));
  };
  const discard = () => {
    forget(name);
    fill(form, blank);
    note.remove();
    form.querySelector("input:not([type=hidden]), textarea")?.focus();
  };
  const putBack = () => {
    fill(form, draft.values);
    tell("restored", "discard", discard);
  };
  if (same(typed(form), blank)) {
    putBack();
  } else {
    tell("draft-waits", "put-back", () => {
      putBack();
      form.dispatchEvent(new CustomEvent("draft-changed")); // what was typed instead has been kept meanwhile
    });
  }
  form.prepend(note);
}

/** Keep what is typed, but only once the older draft has been ``offered``, which it replaces. */
function watch(form, name, offered) {
  let later;
  const save = () => {
    clearTimeout(later);
    later = undefined;
    offered.then(() => keep(name, typed(form))).catch(() => {});
  };
  const soon = (event) => {
    if (!event.isTrusted && event.type === "change") return; // what restoring itself does
    clearTimeout(later);
    later = setTimeout(save, AFTER);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("draft-changed", soon); // modules that change a form by script say so
  form.addEventListener("submit", save); // at once: the page that answers may forget it
  addEventListener("pagehide", () => later && save());
  document.addEventListener("visibilitychange", () => later && save());
}

export function enhance(root) {
  if (!account || !crypto.subtle) return;
  for (const form of all(root, "form[data-draft]")) {
    if (form.dataset.drafted) continue;
    form.dataset.drafted = "yes";
    key().catch(() => {}); // asked for again with what is typed
    const name = form.dataset.draft;
    const isWrong = "wrong" in form.dataset; // a form that came back with errors shows what was typed
    watch(form, name, isWrong ? Promise.resolve() : offer(form, name));
  }
}
