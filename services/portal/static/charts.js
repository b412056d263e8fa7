// Draws <div data-chart="{…}">: what services/portal/charts.py says, by ECharts, as SVG in the page's own colours.
//
// Colours are custom properties of the stylesheet, so charts follow light, dark and paper by themselves. Lines and
// bands are named where they end; there are no legends and no motion. The div's label and the table behind it say the
// same in words.

import { language } from "./say.js";

const SHADES = 6;
const LINE = 14;
const TEXT = { color: "var(--ink)", fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, lineHeight: LINE };
const QUIET = { ...TEXT, color: "var(--muted)" };
const SAMPLE = 14;
const LETTER = 6.4; // pixels, about: only to guess how often a name breaks
const NARROW = 480;
const TOP = 10;
const BOTTOM = 24;
const LOCALE = language === "de" ? "de-DE" : "en-GB";
const GAP = "·";
const DASHES = ["solid", [7, 3], [2, 3], [8, 3, 2, 3]];

const shade = (n) => `var(--shade-${(n % SHADES) + 1})`;
const total = (values) => values.reduce((sum, value) => sum + (value ?? 0), 0);

/** How a number of the chart is written: 1.024, 8,05, 33,3 %. */
function writer({ places, share }, digits = share ? 1 : places) {
  const format = new Intl.NumberFormat(LOCALE, {
    style: share ? "percent" : "decimal",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return (value) => (value === null || value === undefined || Number.isNaN(value) ? "–" : format.format(value));
}

/** From zero to a round number above the greatest value, in three to five steps. */
function scale(greatest, whole) {
  const rough = (greatest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const interval = whole ? Math.max(1, Math.ceil(nice)) : nice;
  return { interval, max: interval * Math.max(1, Math.ceil((greatest || 1) / interval)) };
}

function tooltip(chart) {
  const write = writer(chart);
  return {
    trigger: "axis",
    renderMode: "richText", // html would carry styles that the security policy refuses
    confine: true,
    transitionDuration: 0,
    backgroundColor: "var(--raised)",
    borderColor: "var(--edge)",
    textStyle: TEXT,
    axisPointer: { type: "line", lineStyle: { color: "var(--edge)", type: "solid" }, animation: false },
    formatter(shown) {
      const points = [shown].flat().filter((point) => point.seriesName !== GAP);
      if (!points.length) return "";
      const lines = points.map((point) => `${point.seriesName}: ${write(point.value)}`);
      return [chart.labels[points[0].dataIndex], ...lines.reverse()].join("\n");
    },
  };
}

// --- over time ------------------------------------------------------------------------------------

function overTime(chart, box, { stacked, series, room }) {
  const { ticks, strands } = chart;
  const points = ticks.map((_, n) => strands.map(({ values }) => values[n]));
  const greatest = Math.max(...points.map((point) => (stacked ? total(point) : Math.max(...point.map((value) => value ?? 0)))));
  const { max, interval } = scale(greatest, chart.places === 0 && !chart.share);
  const graphic = strands.length > 1 ? endNames(chart, box, { stacked, max, room, points }) : [];
  return {
    animation: false,
    textStyle: TEXT,
    tooltip: tooltip(chart),
    grid: { right: strands.length > 1 ? room : 14, top: TOP, bottom: BOTTOM, outerBoundsMode: "none", left: gutter(chart, max) },
    xAxis: {
      type: "category",
      data: ticks.map((_, n) => n),
      boundaryGap: chart.kind === "bars",
      axisLine: { lineStyle: { color: "var(--edge)" } },
      axisTick: { interval: (n) => ticks[n] !== "", alignWithLabel: true, lineStyle: { color: "var(--edge)" } },
      axisLabel: { ...QUIET, interval: (n) => ticks[n] !== "", formatter: (n) => ticks[n], hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: 0,
      max,
      interval,
      axisLabel: { ...QUIET, formatter: axisWriter(chart, interval) },
      splitLine: { lineStyle: { color: "var(--line)" } },
    },
    series: [...series, ...missing(chart, points)],
    graphic,
  };
}

/** On the axis, without places that say nothing. */
function axisWriter(chart, interval) {
  const digits = chart.share ? 0 : interval % 1 ? 1 : 0;
  return writer(chart, digits);
}

/** Room for the numbers of the axis. */
function gutter(chart, max) {
  return 14 + 7 * axisWriter(chart, scale(max).interval)(max).length;
}

/** A name beside the end of each line or band, moved apart where two would meet; a sample says whose each is. */
function endNames(chart, box, { stacked, max, room, points }) {
  const { strands } = chart;
  const height = box.height - TOP - BOTTOM;
  const left = box.width - room + 12;
  const width = room - 12 - SAMPLE - 6;
  const at = stacked ? points.findLastIndex((point) => total(point) > 0.4 * Math.max(...points.map(total))) : -1;
  let below = 0;
  const wanted = strands.map(({ values, name }, n) => {
    const value = values[stacked ? at : values.findLastIndex((each) => each !== null)] ?? 0;
    const middle = stacked ? below + value / 2 : value;
    below += value;
    return { n, name, lines: Math.ceil((name.length * LETTER) / width), y: height * (1 - middle / max) };
  });
  apart(wanted, height);
  return wanted.flatMap(({ n, name, y }) => [
    stacked
      ? { type: "rect", silent: true, x: left, y: TOP + y - 5, shape: { width: SAMPLE - 4, height: 10 }, style: { fill: shade(n) } }
      : { type: "line", silent: true, x: left, y: TOP + y, shape: { x1: 0, x2: SAMPLE, y1: 0, y2: 0 }, style: stroke(n) },
    text(name, left + SAMPLE + 6, TOP + y, width),
  ]);
}

const stroke = (n) => ({ stroke: "var(--shade-1)", lineWidth: 2, lineDash: DASHES[n % DASHES.length] === "solid" ? null : DASHES[n % DASHES.length] });

function text(said, x, y, width) {
  const style = { text: said, fill: TEXT.color, fontFamily: TEXT.fontFamily, fontSize: TEXT.fontSize, lineHeight: LINE, width, overflow: "break", verticalAlign: "middle" };
  return { type: "text", silent: true, x, y, style };
}

/** Move labels so that none covers another: down from the top, then back up from the bottom. */
function apart(labels, height) {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const half = (label) => (label.lines * LINE) / 2 + 1;
  let free = -TOP;
  for (const label of sorted) {
    label.y = Math.max(label.y, free + half(label));
    free = label.y + half(label);
  }
  free = height + BOTTOM / 2;
  for (const label of sorted.reverse()) {
    label.y = Math.min(label.y, free - half(label));
    free = label.y - half(label);
  }
}

/** Where nothing is known: a dot on the axis, so that nobody takes a gap for a zero. */
function missing(chart, points) {
  const gaps = points.map((point) => point.every((value) => value === null));
  if (!gaps.includes(true)) return [];
  return [
    {
      type: "scatter",
      name: GAP,
      silent: true,
      data: gaps.map((gap) => (gap ? 0 : null)),
      symbolSize: 1,
      itemStyle: { opacity: 0 },
      label: { ...TEXT, show: true, formatter: "·", fontSize: 18, position: "top", distance: -2 },
    },
  ];
}

function lines(chart, box, { stacked = false, step = false }) {
  const series = chart.strands.map((strand, n) => ({
    type: "line",
    name: strand.name,
    data: strand.values,
    stack: stacked ? "all" : undefined,
    step: step ? "end" : undefined,
    symbol: "none",
    silent: true,
    itemStyle: { color: shade(n) },
    lineStyle: stacked
      ? { color: "var(--raised)", width: 1 }
      : { color: "var(--shade-1)", width: 2, type: DASHES[n % DASHES.length] },
    areaStyle: stacked ? { color: shade(n), opacity: 1 } : undefined,
  }));
  return overTime(chart, box, { stacked, series, room: box.width < NARROW ? 116 : 190 });
}

/** The last bar covers only a part of its month: it is hatched. */
const PART = { symbol: "rect", color: "var(--raised)", dashArrayX: [1, 0], dashArrayY: [2, 2], rotation: -Math.PI / 4 };

function bars(chart, box) {
  const last = chart.labels.length - 1;
  const series = chart.strands.map((strand, n) => ({
    type: "bar",
    name: strand.name,
    stack: "all",
    barCategoryGap: "25%",
    barMaxWidth: 56,
    itemStyle: { color: shade(n) },
    emphasis: { disabled: true },
    data: strand.values.map((value, at) => (at === last && chart.partial ? { value, itemStyle: { decal: PART } } : value)),
  }));
  return overTime(chart, box, { stacked: true, series, room: box.width < NARROW ? 104 : 136 });
}

// --- side by side -----------------------------------------------------------------------------------

function sideBySide(chart, box) {
  const write = writer(chart);
  const wide = box.width >= NARROW;
  const many = chart.strands.length > 1;
  return {
    animation: false,
    textStyle: TEXT,
    tooltip: { ...tooltip(chart), axisPointer: { type: "none" } },
    grid: { left: wide ? 178 : 118, right: many ? 150 : 60, top: 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", min: 0, show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: chart.labels,
      axisLine: { lineStyle: { color: "var(--edge)" } },
      axisTick: { show: false },
      axisLabel: { ...TEXT, width: wide ? 168 : 108, overflow: "break" },
    },
    series: chart.strands.map((strand, n) => ({
      type: "bar",
      name: strand.name,
      barCategoryGap: "30%",
      barGap: "8%",
      itemStyle: { color: shade(n) },
      emphasis: { disabled: true },
      data: strand.values,
      label: {
        ...TEXT,
        show: true,
        position: "right",
        distance: 6,
        formatter: ({ value, dataIndex }) => (many && dataIndex === 0 ? `${write(value)} ${strand.name}` : write(value)),
      },
    })),
  };
}

/** Side by side, each row has the same height; over time the stylesheet says how high. */
function heightOf(place, chart, width) {
  const row = { ranking: 28, pairs: width < NARROW ? 52 : 44 }[chart.kind];
  if (!row) return place.clientHeight;
  const height = Math.max(2, chart.labels.length) * row + 8;
  place.style.height = `${height}px`;
  return height;
}

// --- all of them -------------------------------------------------------------------------------------

const DRAW = {
  areas: (chart, box) => lines(chart, box, { stacked: true }),
  stepped: (chart, box) => lines(chart, box, { stacked: true, step: true }),
  lines: (chart, box) => lines(chart, box, {}),
  steps: (chart, box) => lines(chart, box, { step: true }),
  bars,
  ranking: sideBySide,
  pairs: sideBySide,
};

const drawn = new Map();
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => draw(target)));
let loading;

async function draw(place) {
  loading ??= import("./echarts.js");
  const { init } = await loading;
  const width = place.clientWidth;
  if (!width || drawn.get(place)?.width === width || matchMedia("print").matches) return; // paper scales what there is
  const chart = JSON.parse(place.dataset.chart);
  const box = { width, height: heightOf(place, chart, width) };
  const instance = drawn.get(place)?.instance ?? init(place, null, { renderer: "svg", ...box });
  drawn.set(place, { instance, width });
  instance.resize(box);
  instance.setOption(DRAW[chart.kind](chart, box), { notMerge: true });
  const svg = place.querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  svg.setAttribute("aria-hidden", "true");
  place.dataset.drawn = "yes";
}

function enhance(root) {
  for (const place of root.querySelectorAll("[data-chart]")) resized.observe(place);
}

document.addEventListener("htmx:load", (event) => enhance(event.target));
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  const known = drawn.get(event.target);
  if (!known) return;
  resized.unobserve(event.target);
  known.instance.dispose();
  drawn.delete(event.target);
});
enhance(document);
