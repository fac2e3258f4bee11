// What differs between two texts, line by line.
export interface DiffLine { kind: "same" | "added" | "removed"; text: string }

/** Texts with more lines than this, once what they begin and end with alike is taken off, are shown one after the other. */
const MOST = 2000;

export function diff(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ kind: "same", text }));
  return [...same(old.slice(0, head)), ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)), ...same(old.slice(old.length - tail))];
}

function middle(old: string[], now: string[]): DiffLine[] {
  const only = (kind: "added" | "removed", lines: string[]): DiffLine[] => lines.map((text) => ({ kind, text }));
  if (old.length > MOST || now.length > MOST) return [...only("removed", old), ...only("added", now)];
  // Lengths of the longest common parts from each pair of places on.
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      common[row * width + column] = old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < now.length) {
    if (row < old.length && column < now.length && old[row] === now[column]) {
      lines.push({ kind: "same", text: old[row] ?? "" });
      row += 1;
      column += 1;
    } else if (row < old.length && (column >= now.length || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ kind: "removed", text: old[row] ?? "" });
      row += 1;
    } else {
      lines.push({ kind: "added", text: now[column] ?? "" });
      column += 1;
    }
  }
  return lines;
}
