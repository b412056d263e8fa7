// The two sliders of the as-of bar: month by month, by mouse or keyboard; the page follows, its address, too.
//
// <form data-sliders="2014-12-31 2015-01-31 … today">: the days at which a slider stops, the last one is now;
// data-forget="…": what the address says of another day's lists, and loses.

import { locale } from "./say.js";

const form = document.querySelector("form[data-sliders]");
const bar = form?.parentElement; // asks in the form's place, whose fields would join the address
const stops = form?.dataset.sliders.split(" ") ?? [];
const sliders = [...(form?.querySelectorAll("[data-slider]") ?? [])];
const together = form?.querySelector("[data-together]");
const inField = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" });
const inWords = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });

const isNow = (slider) => slider.value === slider.max;
const day = (slider) => new Date(`${stops[slider.value]}T00:00:00Z`);

function tell(slider) {
  slider.setAttribute("aria-valuetext", isNow(slider) ? slider.dataset.now : inWords.format(day(slider)));
}

function moved(slider) {
  for (const each of together.checked ? sliders : [slider]) {
    each.value = slider.value;
    form.elements[each.dataset.slider].value = isNow(each) ? "" : inField.format(day(each));
    tell(each);
  }
}

/** The address that the sliders and fields say; a field that no slider moved keeps what the address had. */
function address(moved) {
  const url = new URL(location.href);
  for (const slider of moved) {
    if (isNow(slider)) url.searchParams.delete(slider.dataset.slider);
    else url.searchParams.set(slider.dataset.slider, stops[slider.value]);
  }
  for (const page of form.dataset.forget.split(" ")) url.searchParams.delete(page);
  return url;
}

function show(url) {
  const path = url.pathname + url.search;
  const swap = { select: "#lage", target: "#lage", swap: "outerHTML", selectOOB: "#as-of-state", replace: path };
  htmx.ajax("GET", path, { ...swap, source: bar }).then(() => {
    const past = "past" in document.getElementById("as-of-state").dataset;
    document.body.classList.toggle("past", past);
    for (const page of document.querySelectorAll('input[name="_page"]')) page.value = path;
  });
  for (const part of document.querySelectorAll("[data-part]")) {
    htmx.ajax("GET", part.dataset.part + url.search, { source: part, target: part, swap: "innerHTML" });
  }
}

if (form) {
  bar.setAttribute("hx-sync", "this:replace");
  for (const part of document.querySelectorAll("[data-part]")) part.setAttribute("hx-sync", "this:replace");
  let later;
  const waiting = new Set();
  for (const slider of sliders) {
    slider.parentElement.hidden = false;
    tell(slider);
    slider.addEventListener("input", () => moved(slider));
    slider.addEventListener("change", () => {
      for (const each of together.checked ? sliders : [slider]) waiting.add(each);
      clearTimeout(later);
      later = setTimeout(() => {
        show(address(waiting));
        waiting.clear();
      }, 150); // somebody who holds an arrow key passes many months
    });
  }
  together.closest("label").hidden = false;
}
