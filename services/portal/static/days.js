// Shows below a date field what was understood: the same ways of writing as services/portal/language/days.py, which decides.

import { all, locale } from "./say.js";

const WORDS = { heute: 0, h: 0, today: 0, gestern: -1, g: -1, yesterday: -1, vorgestern: -2, morgen: 1, tomorrow: 1 };

const utc = (year, month, day) => {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date : null;
};
const plus = (today, days) => new Date(today.getTime() + days * 86_400_000);

/** The day that is meant, or null. ``today``: a Date at midnight UTC. */
export function readDay(written, today) {
  const text = written.trim().toLowerCase();
  if (text in WORDS) return plus(today, WORDS[text]);
  if (/^[+\-−–]\d{1,3}$/.test(text)) return plus(today, Number(text.slice(1)) * (text[0] === "+" ? 1 : -1));
  let found = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (found) return utc(+found[1], +found[2], +found[3]);
  found = /^(\d{1,2})[.,/ ](\d{1,2})(?:[.,/ ](\d{2}|\d{4})?)?$/.exec(text) ?? /^(\d{2})(\d{2})(\d{2}|\d{4})$/.exec(text);
  if (!found) return null;
  const [, day, month, year] = found;
  const now = today.getUTCFullYear();
  if (year?.length === 4) return utc(+year, +month, +day);
  if (year) {
    const full = Math.floor(now / 100) * 100 + Number(year);
    return utc(full <= now + 10 ? full : full - 100, +month, +day);
  }
  for (let back = 0; back < 9; back += 1) {
    const date = utc(now - back, +month, +day);
    if (date && date <= today) return date;
  }
  return utc(now, +month, +day);
}

const shown = new Intl.DateTimeFormat(locale, {
  weekday: "short", day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC",
});

export function enhance(root) {
  for (const field of all(root, "input[data-day]")) {
    const output = field.parentElement.querySelector("output.understood");
    if (!output) continue;
    const today = new Date(`${field.dataset.day}T00:00:00Z`);
    const tell = () => {
      const day = field.value.trim() ? readDay(field.value, today) : null;
      output.textContent = day ? shown.format(day) : "";
    };
    field.addEventListener("input", tell);
    field.addEventListener("change", tell);
    tell();
  }
}
