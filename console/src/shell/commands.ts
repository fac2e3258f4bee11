// The command registry: what can be done now, with its keys and label. Shortcuts, palette and help all read it.
import { useEffect } from "preact/hooks";

import { navigate } from "./router.ts";

export interface Command {
  /** Stable name, unique among what is registered. */
  id: string;
  /** Message key of the label, or the label itself. */
  label: string;
  /** Key sequences such as `j`, `g i`, `Mod+k`, `?`. */
  keys?: string[];
  /** Message key of the heading it stands under in help. */
  group: string;
  /** Whether it can be done now; absent means always. */
  when?: () => boolean;
  run: () => void;
  /** Shown in help but not in the palette: moving about in a list. */
  quiet?: boolean;
}

const layers: Command[][] = [];
/** Keys that scroll what has the focus there. */
const SCROLLING = new Set(["ArrowUp", "ArrowDown", "Home", "End"]);
const SEQUENCE_MS = 1200;
let pending = "";
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

/** Registers commands while the component is there; later ones win over earlier ones with the same keys. */
export function useCommands(commands: Command[]): void {
  useEffect(() => {
    layers.push(commands);
    return () => void layers.splice(layers.indexOf(commands), 1);
  });
}

/** Every command that can be done now, the latest registered of each id. */
export function available(): Command[] {
  const seen = new Map<string, Command>();
  for (const layer of layers) for (const command of layer) seen.set(command.id, command);
  return [...seen.values()].filter((command) => command.when?.() ?? true);
}

/** A command that goes to a page. */
export function goTo(id: string, label: string, path: string, keys?: string[], when?: () => boolean): Command {
  return { id, label, keys, group: "commands-go", when, run: () => navigate(path) };
}

/** The name of a pressed key as sequences write it, or nothing for a modifier alone. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string | null {
  if (["Control", "Meta", "Shift", "Alt"].includes(event.key)) return null;
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  const alt = event.altKey ? "Alt+" : "";
  const key = event.key.length === 1 ? (mod ? event.key.toLowerCase() : event.key) : event.key;
  return `${mod}${alt}${key}`;
}

/** The command a key completes, and the beginning of a sequence that it may continue. */
export function match(commands: Command[], before: string, key: string): { command?: Command; pending: string } {
  const sequence = before ? `${before} ${key}` : key;
  const command = commands.findLast((candidate) => candidate.keys?.includes(sequence));
  if (command) return { command, pending: "" };
  const begins = commands.some((candidate) => candidate.keys?.some((keys) => keys.startsWith(`${sequence} `)));
  if (begins) return { pending: sequence };
  return before ? match(commands, "", key) : { pending: "" };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) &&
    !(target instanceof HTMLInputElement && ["checkbox", "radio", "button", "submit"].includes(target.type));
}

/** Listens for shortcuts everywhere but where somebody types or a dialog asks. */
export function listenForKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const key = keyName(event);
    if (!key) return;
    if (isTyping(event.target) && !key.startsWith("Mod+")) {
      if (key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (SCROLLING.has(key) && event.target instanceof Element && event.target.closest("pre, .drawer, .pane, .scroll")) return;
    const onControl = event.target instanceof Element && event.target.closest("a, button, summary, [role=tab]");
    if (onControl && (key === "Enter" || key === " ")) return;
    const found = match(available(), pending, key);
    clearTimeout(pendingTimer);
    pending = found.pending;
    if (pending) pendingTimer = setTimeout(() => (pending = ""), SEQUENCE_MS);
    if (found.command) {
      event.preventDefault();
      found.command.run();
    }
  });
}

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** A key sequence as people read it. */
export function readable(keys: string): string[] {
  const names: Record<string, string> = { Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", Enter: "Enter" };
  return keys.split(" ").map((part) => part.replace(/Mod\+(.)$/, (_, letter: string) => `Mod+${letter.toUpperCase()}`).replace("Mod+", MAC ? "⌘" : "Ctrl+").replace(/[A-Z][a-zA-Z]+$/, (name) => names[name] ?? name));
}
