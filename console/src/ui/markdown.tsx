// The little Markdown of instruction cards as elements: paragraphs, lists, bold, code. Anything else stays text.
import type { ComponentChildren, JSX } from "preact";

export type Block =
  | { kind: "paragraph"; text: string }
  | { kind: "numbered" | "bulleted"; items: string[] }
  | { kind: "code"; text: string };

/** Splits a text into its blocks. */
export function blocks(source: string): Block[] {
  const found: Block[] = [];
  let code: string[] | null = null;
  let open = false;
  for (const line of source.split(/\r?\n/)) {
    if (line.trimStart().startsWith("```")) {
      if (code) found.push({ kind: "code", text: code.join("\n") });
      code = code ? null : [];
      open = false;
      continue;
    }
    if (code) {
      code.push(line);
      continue;
    }
    const item = /^\s*(?:(\d+)[.)、]|[-*+])\s+(.*)$/.exec(line);
    const last = found.at(-1);
    if (item) {
      const kind = item[1] ? "numbered" : "bulleted";
      if (open && last && last.kind === kind) last.items.push(item[2] ?? "");
      else found.push({ kind, items: [item[2] ?? ""] });
      open = true;
    } else if (!line.trim()) {
      open = open && (last?.kind === "numbered" || last?.kind === "bulleted");
    } else if (open && last?.kind === "paragraph") {
      last.text += ` ${line.trim()}`;
    } else if (open && last && (last.kind === "numbered" || last.kind === "bulleted") && /^\s/.test(line)) {
      last.items[last.items.length - 1] += ` ${line.trim()}`;
    } else {
      found.push({ kind: "paragraph", text: line.replace(/^#+\s*/, "").trim() });
      open = true;
    }
  }
  if (code) found.push({ kind: "code", text: code.join("\n") });
  return found;
}

/** Bold and code inside a line. */
export function inline(text: string): ComponentChildren[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return <strong>{part.slice(2, -2)}</strong>;
    if (part.startsWith("`") && part.length > 2) return <code>{part.slice(1, -1)}</code>;
    return part;
  });
}

/** The text without its marks, for a single line. */
export function plain(source: string): string {
  return source.replaceAll(/\*\*([^*]+)\*\*/g, "$1").replaceAll(/`([^`]+)`/g, "$1").replaceAll(/^#+\s*/gm, "");
}

export function Markdown({ text }: { text: string }) {
  return <div class="markdown">{blocks(text).map(draw)}</div>;
}

function draw(block: Block): JSX.Element {
  switch (block.kind) {
    case "paragraph": return <p>{inline(block.text)}</p>;
    case "numbered": return <ol>{block.items.map((item) => <li>{inline(item)}</li>)}</ol>;
    case "bulleted": return <ul>{block.items.map((item) => <li>{inline(item)}</li>)}</ul>;
    case "code": return <pre><code>{block.text}</code></pre>;
  }
}
