// The answer to an SQL query as a file, made where it was shown.
import type { SqlAnswer } from "../api/types.ts";

/** A cell of CSV (RFC 4180). One that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const number = text !== "" && Number.isFinite(Number(text));
  const formula = !number && /^[=+\-@\t\r]/.test(text);
  const safe = formula ? `'${text}` : text;
  return formula || text === "" || /[",\r\n]/.test(text) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function asCsv(answer: SqlAnswer): string {
  const lines = [answer.columns.map((column) => column.name), ...answer.rows];
  // The mark lets spreadsheets read it as UTF-8.
  return `\uFEFF${lines.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("")}`;
}

export function asNdjson(answer: SqlAnswer): string {
  const names = answer.columns.map((column) => column.name);
  return answer.rows.map((row) => `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])))}\n`).join("");
}

export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
