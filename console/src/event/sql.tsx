// SQL over the events one may see, for experts: what is wrong is shown under its place, and stopping stops the work at
// the server.
import { useEffect, useRef, useState } from "preact/hooks";

import { post } from "../api/client.ts";
import { Problem, asProblem } from "../api/problem.ts";
import type { SqlAnswer } from "../api/types.ts";
import { bytes, exact, number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { usePlace } from "../shell/router.ts";
import { CustomerChoice } from "../ui/filter.tsx";
import { instant, localInput } from "../ui/form.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure } from "../ui/states.tsx";
import { asCsv, asNdjson, save } from "./sql_file.ts";
import { Progress } from "./progress.tsx";

const KEY = "vedette.sql";
const FIRST = "SELECT source_ip, count(*) AS events\nFROM events\nWHERE source_ip IS NOT NULL\nGROUP BY source_ip\nORDER BY events DESC\nLIMIT 20";

/** Where the server says the text cannot be read. */
function placeOf(problem: Problem | null): { line: number; column: number; message: string } | null {
  const told = problem?.fields.find((field) => field.field === "sql")?.message ?? "";
  const hit = /^line (\d+), column (\d+): (.*)$/s.exec(told);
  return hit ? { line: Number(hit[1]), column: Number(hit[2]), message: hit[3] ?? "" } : null;
}

export function SqlPage() {
  const { query } = usePlace();
  const [text, setText] = useState(() => localStorage.getItem(KEY) ?? FIRST);
  const [customer, setCustomer] = useState(query.get("customer") ?? "");
  const [from, setFrom] = useState(() => localInput(query.get("from") ?? new Date(Date.now() - 86_400_000), true));
  const [to, setTo] = useState(() => localInput(query.get("to") ?? new Date(Date.now() + 60_000), true));
  const [answer, setAnswer] = useState<SqlAnswer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [running, setRunning] = useState<AbortController | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const place = placeOf(problem);
  useEffect(() => () => running?.abort(), [running]);

  const run = () => {
    const range = { from: instant(from), to: instant(to) };
    if (!range.from || !range.to || running) return;
    localStorage.setItem(KEY, text);
    const abort = new AbortController();
    setRunning(abort);
    setProblem(null);
    setAnswer(null);
    post("/events/sql", { body: { sql: text, from: range.from, to: range.to, customers: customer ? [customer] : [], limit: 10_000 }, signal: abort.signal })
      .then(setAnswer, (error: unknown) => {
        const told = asProblem(error);
        if (told.code !== "aborted") setProblem(told);
      })
      .finally(() => setRunning(null));
  };
  useEffect(() => {
    if (!place || !area.current) return;
    const lines = text.split("\n");
    const start = lines.slice(0, place.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const line = lines[place.line - 1] ?? "";
    const at = start + [...line].slice(0, place.column - 1).join("").length;
    area.current.focus();
    area.current.setSelectionRange(at, Math.min(at + 1, text.length));
  }, [problem]);
  useCommands([
    { id: "search", label: "sql-edit", keys: ["/"], group: "commands-page", run: () => area.current?.focus() },
    { id: "sql-run", label: "sql-run", keys: ["Mod+Enter"], group: "commands-page", run },
  ]);
  const shownLine = place ? text.split("\n")[place.line - 1] ?? "" : "";
  return (
    <Page title={t("nav-sql")} fill actions={<a class="button" href="/events">{t("nav-events")}</a>}>
      <form class="sql" onSubmit={(event) => { event.preventDefault(); run(); }}>
        <textarea
          ref={area} class="mono" rows={Math.min(16, Math.max(4, text.split("\n").length + 1))} value={text} spellcheck={false} aria-label={t("sql-text")}
          aria-invalid={place ? true : undefined} aria-describedby={place ? "sql-problem" : "sql-hint"}
          onInput={(event) => { setText(event.currentTarget.value); if (problem) setProblem(null); }}
          onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); run(); } }}
        />
        {place && (
          <div id="sql-problem" class="sql-problem" role="alert">
            <pre class="mono">{shownLine}{"\n"}{shownLine.slice(0, place.column - 1).replace(/[^\t]/g, " ")}<b>^</b></pre>
            <p>{t("sql-problem", { line: place.line, column: place.column })} {place.message}</p>
          </div>
        )}
        <p id="sql-hint" class="muted">{t("sql-hint")}</p>
        <div class="filters">
          <CustomerChoice value={customer} set={setCustomer} />
          <input type="datetime-local" step="1" aria-label={t("range-from")} value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
          <input type="datetime-local" step="1" aria-label={t("range-to")} value={to} onInput={(event) => setTo(event.currentTarget.value)} />
          <button class="button primary" disabled={running !== null}>{t("sql-run")} <kbd>Ctrl Enter</kbd></button>
          {running && <button class="button" type="button" onClick={() => running.abort()}>{t("search-stop")}</button>}
        </div>
      </form>
      {running && <Progress stop={() => running.abort()} />}
      {problem && !place && <Failure problem={problem} retry={run} />}
      {answer && <Answer answer={answer} />}
    </Page>
  );
}

function Answer({ answer }: { answer: SqlAnswer }) {
  const shown = answer.rows.slice(0, 1000);
  const cell = (value: unknown) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
  return (
    <div class="scroll sql-answer" tabIndex={0} role="region" aria-label={t("sql-result")}>
      <header>
        <b>{t("sql-rows", { count: answer.rows.length })}</b>
        {answer.truncated && <span class="tag">{t("sql-truncated")}</span>}
        {shown.length < answer.rows.length && <span class="muted">{t("sql-shown", { count: shown.length })}</span>}
        <span class="muted">{t("search-cost", { bytes: bytes(answer.cost.bytes), milliseconds: answer.cost.milliseconds })}</span>
        <span class="page-actions">
          <button class="button" onClick={() => save("result.csv", "text/csv", asCsv(answer))}>CSV</button>
          <button class="button" onClick={() => save("result.ndjson", "application/x-ndjson", asNdjson(answer))}>NDJSON</button>
        </span>
      </header>
      {answer.rows.length === 0 ? <Empty title={t("sql-empty")} /> : (
        <table class="plain">
          <thead><tr>{answer.columns.map((column) => <th key={column.name} scope="col" class={["int", "float"].includes(column.type) ? "numeric mono" : "mono"} title={column.type}>{column.name}</th>)}</tr></thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at} data-row={at}>
                {answer.columns.map((column, place) => {
                  const value = row[place];
                  return (
                    <td key={column.name} class={["int", "float"].includes(column.type) ? "numeric mono" : "mono"}>
                      {column.type === "time" && typeof value === "string" ? <time dateTime={value} title={value}>{exact(value)}</time>
                        : typeof value === "number" ? number(value) : cell(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
