// Draws <div data-chart="{…}">: what services/portal/figures/charts.py says, by ECharts, as SVG in the page's own colours.
//
// Colours are custom properties of the stylesheet, so charts follow light, dark and paper by themselves. Lines and
// bands are named where they end; there are no legends and no motion. The div's label and the table behind it say the
// same in words.

import { locale } from "./say.js";

const SHADES = 6;
const LINE = 14;
const { fontFamily } = getComputedStyle(document.body);
const TEXT = { color: "var(--ink)", fontFamily, fontSize: 12, lineHeight: LINE };
const QUIET = { ...TEXT, color: "var(--muted)" };
const HEIGHT = 240;
const SAMPLE = 14;
const LETTER = 8; // pixels, about: only to guess how often a name breaks
const ROW = 18;
const NARROW = 480;
const isNarrow = ({ width }) => width < NARROW;
const TOP = 10;
const BOTTOM = 24;
const GAP = "·";
const DASHES = [null, [7, 3], [2, 3], [8, 3, 2, 3]];

const shade = (n) => `var(--shade-${(n % SHADES) + 1})`;
const dash = (n) => DASHES[n % DASHES.length];
const total = (values) => values.reduce((sum, value) => sum + (value ?? 0), 0);

/** How a number of the chart is written: 1.024, 8,05, 33,3 %. */
function writer({ places, share }, digits = share ? 1 : places) {
  const format = new Intl.NumberFormat(locale, {
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

function overTime(chart, box, { stacked, series }) {
  const { ticks, strands } = chart;
  const many = strands.length > 1;
  const room = many && !isNarrow(box) ? roomFor(strands) : 14;
  const foot = many && isNarrow(box) ? strands.length * ROW : 0;
  const points = ticks.map((_, n) => strands.map(({ values }) => values[n]));
  const heights = stacked ? points.map(total) : points.flat().map((value) => value ?? 0);
  const { max, interval } = scale(Math.max(...heights), chart.places === 0 && !chart.share);
  const beside = () => endNames(chart, box, { stacked, max, room, points });
  const names = many ? (isNarrow(box) ? namesBelow(chart, box, stacked) : beside()) : [];
  return {
    animation: false,
    textStyle: TEXT,
    tooltip: tooltip(chart),
    grid: { left: gutter(chart, max), right: room, top: TOP, bottom: BOTTOM + foot, outerBoundsMode: "none" },
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
    graphic: names,
  };
}

/** On the axis, with as many places as the steps need and none that say nothing. */
function axisWriter(chart, interval) {
  const step = chart.share ? 100 * interval : interval;
  const isExact = (digits) => Math.abs(step - Number(step.toFixed(digits))) < step / 100;
  return writer(chart, [0, 1, 2].find(isExact) ?? 3);
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
    sample(n, left, TOP + y, stacked),
    text(name, left + SAMPLE + 6, TOP + y, width),
  ]);
}

/** On a phone the names stand below, in the order in which the bands lie. */
function namesBelow({ strands }, box, filled) {
  const rows = strands.map(({ name }, n) => ({ name, n }));
  if (filled) rows.reverse();
  return rows.flatMap(({ name, n }, row) => {
    const y = box.height - (rows.length - row - 0.5) * ROW;
    return [sample(n, 0, y, filled), text(name, SAMPLE + 6, y, box.width - SAMPLE - 6)];
  });
}

/** How much room names need beside the plot. */
function roomFor(strands) {
  return 12 + SAMPLE + 6 + Math.min(186, Math.max(60, longestOf(strands)));
}

/** How wide the longest name is, in pixels. */
function longestOf(strands) {
  return Math.max(...strands.map(({ name }) => name.length * LETTER));
}

function sample(n, x, y, filled) {
  return filled
    ? { type: "rect", silent: true, x, y: y - 5, shape: { width: SAMPLE - 4, height: 10 }, style: { fill: shade(n) } }
    : {
        type: "line",
        silent: true,
        x,
        y,
        shape: { x1: 0, x2: SAMPLE, y1: 0, y2: 0 },
        style: { stroke: "var(--shade-1)", lineWidth: 2, lineDash: dash(n) },
      };
}

function text(said, x, y, width) {
  const style = { ...TEXT, text: said, fill: TEXT.color, width, overflow: "break", verticalAlign: "middle" };
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

/** Where something is hidden, or nothing known: a dot on the axis, so that nobody takes a gap for a zero. */
function missing(chart, points) {
  const gaps = points.map((point, n) => chart.hidden.includes(n) || point.every((value) => value === null));
  if (!gaps.includes(true)) return [];
  return [
    {
      type: "scatter",
      name: GAP,
      silent: true,
      data: gaps.map((gap) => (gap ? 0 : null)),
      symbolSize: 1,
      itemStyle: { opacity: 0 },
      label: { ...TEXT, show: true, formatter: GAP, fontSize: 20, fontWeight: "bold", position: "top", distance: -4 },
    },
  ];
}

/** A value between gaps would be no line at all: it is a dot. */
function alone(value, n, values) {
  const missing = (at) => (values[at] ?? null) === null;
  return value !== null && missing(n - 1) && missing(n + 1) ? { value, symbol: "circle", symbolSize: 7 } : value;
}

function lines(chart, box, { stacked = false, step = false }) {
  const series = chart.strands.map((strand, n) => ({
    type: "line",
    name: strand.name,
    data: stacked ? strand.values : strand.values.map(alone),
    stack: stacked ? "all" : undefined,
    step: step ? "end" : undefined,
    symbol: "none",
    showSymbol: true,
    showAllSymbol: true,
    silent: true,
    itemStyle: { color: stacked ? shade(n) : "var(--shade-1)" },
    lineStyle: stacked
      ? { color: "var(--raised)", width: 1 }
      : { color: "var(--shade-1)", width: 2, type: dash(n) ?? "solid" },
    areaStyle: stacked ? { color: shade(n), opacity: 1 } : undefined,
  }));
  return overTime(chart, box, { stacked, series });
}

/** The last bar covers only a part of its month: it is hatched. */
const PART = { symbol: "rect", color: "var(--raised)", dashArrayX: [1, 0], dashArrayY: [2, 2], rotation: -Math.PI / 4 };
const hatched = (value) => ({ value, itemStyle: { decal: PART } });

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
    data: strand.values.map((value, at) => (chart.partial && at === last ? hatched(value) : value)),
  }));
  return overTime(chart, box, { stacked: true, series });
}

// --- side by side -----------------------------------------------------------------------------------

function sideBySide(chart, box) {
  const write = writer(chart);
  const narrow = isNarrow(box);
  const many = chart.strands.length > 1;
  const first = (strand, at) => (many && !narrow && at === 0 ? ` ${strand.name}` : "");
  return {
    animation: false,
    textStyle: TEXT,
    tooltip: { ...tooltip(chart), axisPointer: { type: "none" } },
    grid: {
      left: narrow ? 108 : 178,
      right: many && !narrow ? 30 + longestOf(chart.strands) : 56,
      top: 4,
      bottom: 4 + (many && narrow ? chart.strands.length * ROW + 8 : 0),
      outerBoundsMode: "none",
    },
    graphic: many && narrow ? namesBelow(chart, box, true).reverse() : [],
    xAxis: { type: "value", min: 0, show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: chart.labels,
      axisLine: { lineStyle: { color: "var(--edge)" } },
      axisTick: { show: false },
      axisLabel: { ...TEXT, width: narrow ? 98 : 168, overflow: "break" },
    },
    series: chart.strands.map((strand, n) => ({
      type: "bar",
      name: strand.name,
      barCategoryGap: "30%",
      barMaxWidth: 20,
      barGap: "8%",
      itemStyle: { color: shade(n) },
      emphasis: { disabled: true },
      data: strand.values,
      label: {
        ...TEXT,
        show: true,
        position: "right",
        distance: 6,
        formatter: ({ value, dataIndex }) => write(value) + first(strand, dataIndex),
      },
    })),
  };
}

/** Side by side, each row has the same height; on a phone the names below need some, too. */
function heightOf(chart, width) {
  const rows = Math.max(2, chart.labels.length);
  const row = Math.max(chart.kind === "pairs" ? 44 : 28, Math.min(48, HEIGHT / rows));
  const below = isNarrow({ width }) && chart.strands.length > 1 ? chart.strands.length * ROW + 8 : 0;
  return below + (chart.kind === "ranking" || chart.kind === "pairs" ? rows * row + 8 : HEIGHT);
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
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const known = drawn.get(target);
    clearTimeout(known?.later);
    if (known) known.later = setTimeout(draw, 150, target); // while a window is dragged, only once
    else draw(target);
  }
});
let loading;

async function draw(place) {
  loading ??= import("./echarts.js");
  const { init } = await loading;
  const width = place.clientWidth;
  if (!width || drawn.get(place)?.width === width || matchMedia("print").matches) return; // paper scales what there is
  const chart = JSON.parse(place.dataset.chart);
  const box = { width, height: heightOf(chart, width) };
  place.style.height = `${box.height}px`;
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
