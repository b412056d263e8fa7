// Many small controls as one stop of Tab: <… data-grid> with rows [data-grid-row]. Arrows move between what can be
// used in them, Home and End go to the first and last row; hidden rows are passed over.

const USABLE = "input:not([type=hidden]), button, a[href]";

const rowsOf = (grid) => [...grid.querySelectorAll("[data-grid-row]")].filter((row) => !row.hidden);
const cellsOf = (row) => [...row.querySelectorAll(USABLE)].filter((cell) => !cell.disabled);

/** Make a control the one where Tab enters its grid. */
export function enter(grid, control) {
  for (const each of grid.querySelectorAll(`[data-grid-row] :is(${USABLE})`)) each.tabIndex = each === control ? 0 : -1;
}

function move(grid, from, key) {
  const rows = rowsOf(grid);
  const row = rows.findIndex((each) => each.contains(from));
  if (row < 0) return null;
  const cells = cellsOf(rows[row]);
  const cell = cells.indexOf(from);
  const at = (index) => cellsOf(rows[index])[Math.min(cell, cellsOf(rows[index]).length - 1)];
  switch (key) {
    case "ArrowRight": return cells[cell + 1] ?? (rows[row + 1] && cellsOf(rows[row + 1])[0]);
    case "ArrowLeft": return cells[cell - 1] ?? (rows[row - 1] && cellsOf(rows[row - 1]).at(-1));
    case "ArrowDown": return rows[row + 1] && at(row + 1);
    case "ArrowUp": return rows[row - 1] && at(row - 1);
    case "Home": return at(0);
    case "End": return at(rows.length - 1);
    default: return null;
  }
}

function enhanceOne(grid) {
  grid.dataset.gridded = "yes";
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = move(grid, event.target, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  grid.addEventListener("focusin", (event) => {
    if (event.target.matches(USABLE)) enter(grid, event.target);
  });
  settle(grid);
}

/** After rows came or went: Tab still enters the grid, at the first row that is there. */
export function settle(grid) {
  const rows = rowsOf(grid);
  const here = rows.flatMap(cellsOf).find((cell) => cell.tabIndex === 0 && cell.hasAttribute("tabindex"));
  enter(grid, here ?? (rows[0] && cellsOf(rows[0])[0]));
}

export function enhance(root) {
  for (const grid of root.querySelectorAll("[data-grid]:not([data-gridded])")) enhanceOne(grid);
}
