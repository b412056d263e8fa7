// Keys without Ctrl: they work nowhere where somebody types, and can be switched off on the help page.

const SWITCH = "single-keys";

export const keysOff = () => localStorage.getItem(SWITCH) === "off";

export function switchKeys(on) {
  if (on) localStorage.removeItem(SWITCH);
  else localStorage.setItem(SWITCH, "off");
}

/** The key that was pressed as a command of its own; null where it means something else. */
export function single(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || keysOff()) return null;
  const typing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open] *";
  return event.target.closest?.(typing) ? null : event.key;
}
