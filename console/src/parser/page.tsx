// All parsers, built in and of our own, with what each took lately.
import { useRef, useState } from "preact/hooks";

import type { ParserSummary } from "../api/types.ts";
import { ofFilter } from "../event/language.ts";
import { eventsUrl } from "../event/query.ts";
import { number, percent } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { Choice, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { listParsers, readParserFile } from "./api.ts";
import { handOver } from "./hand_over.ts";

const ORIGINS = ["own", "folder", "built_in"];

export function ParsersPage() {
  const loaded = useLoad(listParsers, "parsers");
  const [text, setText] = useParameter("text");
  const [origin, setOrigin] = useParameter("origin");
  const [only, setOnly] = useParameter("only");
  const mayWrite = useMay("parser.write");
  useChanges((change) => change.noun === "parser", loaded.reload);
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "parser-new", label: "parser-new", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => navigate("/parsers/new") },
  ]);
  const value = loaded.value;
  if (!value) return <Page title={t("nav-parsers")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = (one: ParserSummary) => (!origin || one.origin === origin) && (only !== "used" || one.events > 0)
    && words.every((part) => `${one.name} ${one.vendor} ${one.product} ${word("log-source", one.name)}`.toLowerCase().includes(part));
  const items = value.items.filter(wanted).sort((a, b) => b.events - a.events || a.name.localeCompare(b.name));
  const lost = Object.values(value.unrecognised as Record<string, number>).reduce((sum, count) => sum + count, 0);
  return (
    <Page
      title={t("nav-parsers")} fill
      lead={value.events > 0 ? <span class="muted">{t("parsers-share", { share: percent(1 - lost / value.events), events: number(value.events) })}</span> : undefined}
      actions={mayWrite && <><Import /><a class="button primary" href="/parsers/new">{t("parser-new")} <kbd>n</kbd></a></>}
    >
      <div class="filters">
        <TextFilter value={text} set={setText} label={t("filter-text")} />
        <Choice label={t("parser-origin")} value={origin} set={setOrigin} options={[{ value: "", label: t("all") }, ...ORIGINS.map((one) => ({ value: one, label: word("parser-origin", one) }))]} />
        <Choice label={t("parsers-shown")} value={only} set={setOnly} options={[{ value: "", label: t("all") }, { value: "used", label: t("parsers-used") }]} />
        <span class="muted">{t("parsers-count", { count: items.length })}</span>
      </div>
      {items.length === 0 && <Empty title={t("parsers-empty")} />}
      <div class="scroll" tabIndex={0} role="region" aria-label={t("nav-parsers")}>
        <table class="plain parsers">
          <thead>
            <tr>
              <th scope="col">{t("event-source")}</th><th scope="col">{t("parser-name")}</th><th scope="col">{t("parser-origin")}</th><th scope="col" class="numeric">{t("parser-events")}</th>
              <th scope="col" class="numeric">{t("parser-devices")}</th><th scope="col" class="numeric">{t("parser-samples")}</th><th scope="col">{t("parser-changed")}</th>
            </tr>
          </thead>
          <tbody>{items.map((one) => <Row key={one.name} of={one} />)}</tbody>
        </table>
      </div>
    </Page>
  );
}

function Row({ of }: { of: ParserSummary }) {
  const known = word("log-source", of.name);
  return (
    <tr data-id={of.name}>
      <td><a href={`/parsers/${of.name}`}>{known === of.name ? `${of.vendor} ${of.product}` : known}</a></td>
      <td class="mono">{of.name}</td>
      <td>{word("parser-origin", of.origin)}{of.replaces && <> <span class="tag">{t("parser-replaces")}</span></>}</td>
      <td class="numeric">{of.events > 0 ? <a href={eventsUrl({ query: ofFilter("source", "is", of.name) })}>{number(of.events)}</a> : 0}</td>
      <td class="numeric">{number(of.devices)}</td>
      <td class="numeric">{number(of.samples)}</td>
      <td>{of.changed && <Time at={of.changed} />}</td>
    </tr>
  );
}

function Import() {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const read = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    try {
      const found = await readParserFile(await file.arrayBuffer());
      handOver({ text: found.text, lines: found.samples });
      navigate(`/parsers/${found.name}?from=file`);
    } catch (error) {
      toastProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button class="button" disabled={busy} onClick={() => input.current?.click()}>{t("parser-import")}</button>
      <input ref={input} type="file" accept=".tar,application/x-tar" class="visually-hidden" tabIndex={-1} aria-hidden="true" onChange={(event) => void read(event.currentTarget.files?.[0])} />
    </>
  );
}

