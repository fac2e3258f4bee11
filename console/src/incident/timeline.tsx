// What happened to an incident, and a box to write down what one found.
import { useRef, useState } from "preact/hooks";

import type { IncidentEntryView } from "../api/types.ts";
import { bytes, exact } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { useLoad, useChanges } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { commentIncident, readTimeline } from "./api.ts";

/** `titles`: what the alerts are called in the reader's language, as far as known. */
interface Props { incident: string; version: number; zone?: string; titles: Map<string, string> }

export function Timeline({ incident, version, zone, titles }: Props) {
  const entries = useLoad((signal) => readTimeline(incident, signal), incident);
  const mayWork = useMay("incident.work");
  const lastVersion = useRef(version);
  if (lastVersion.current !== version) {
    lastVersion.current = version;
    queueMicrotask(entries.reload);
  }
  useChanges((change) => change.id === incident, entries.reload);
  if (!entries.value) return entries.problem ? <Failure problem={entries.problem} retry={entries.reload} /> : <Loading />;
  return (
    <section class="timeline" aria-label={t("timeline")}>
      {mayWork && <CommentBox incident={incident} done={entries.reload} />}
      <ol>{entries.value.toReversed().map((entry) => <Entry key={entry.id} entry={entry} zone={zone} titles={titles} />)}</ol>
    </section>
  );
}

function Entry({ entry, zone, titles }: { entry: IncidentEntryView; zone?: string; titles: Map<string, string> }) {
  const shell = useShell();
  const { what } = entry;
  return (
    <li class={`entry ${what.type}`}>
      <header>
        <b>{entry.user_name ?? (entry.user ? nameOf(shell, entry.user) : t("the-platform"))}</b> <Sentence entry={entry} titles={titles} />
        <Time at={entry.time} zone={zone} />
      </header>
      {what.type === "commented" && <p>{what.text}</p>}
      {what.type === "file_removed" && <p>{what.reason}</p>}
      {what.type === "transitioned" && "summary" in what.transition && <p>{what.transition.summary}</p>}
      {what.type === "transitioned" && what.transition.kind !== "reject" && "reason" in what.transition && <p>{what.transition.reason}</p>}
    </li>
  );
}

function Sentence({ entry, titles }: { entry: IncidentEntryView; titles: Map<string, string> }) {
  const shell = useShell();
  const { what } = entry;
  switch (what.type) {
    case "raised": return <>{what.alert ? <a href={`/alerts/${what.alert}`}>{t("entry-raised-by-alert")}</a> : t("entry-raised")}</>;
    case "alert_linked": return <>{t("entry-alert-linked")} <a href={`/alerts/${what.alert}`}>{titles.get(what.alert) ?? what.title}</a></>;
    case "assigned": return <>{what.to ? t("entry-assigned", { to: nameOf(shell, what.to) }) : t("entry-unassigned")}</>;
    case "severity_changed": return <>{t("entry-severity", { from: word("severity", what.from), to: word("severity", what.to) })}</>;
    case "commented": return <>{t("entry-commented")}</>;
    case "file_attached": return <>{t("entry-file-attached")} <bdi class="file-name">{what.name}</bdi> <span class="muted">{bytes(what.size)}</span></>;
    case "file_matched": return <><SeverityMark of={what.severity} /> {t("entry-file-matched")} <bdi class="file-name">{what.name}</bdi>: <span class="mono">{what.rules.join(", ")}</span></>;
    case "file_removed": return <>{t("entry-file-removed")} <bdi class="file-name">{what.name}</bdi></>;
    case "transitioned": {
      const { transition } = what;
      const done = word("entry-transition", transition.kind);
      if (transition.kind === "resolve") return <>{done} <span class="tag">{word("verdict", transition.verdict)}</span></>;
      if (transition.kind === "reject") return <>{done} <span class="tag">{word("reject-reason", transition.reason)}</span></>;
      if (transition.kind === "suspend") return <>{done} <span class="tag">{t("until", { time: exact(transition.until) })}</span></>;
      return <>{done}</>;
    }
  }
}

function CommentBox({ incident, done }: { incident: string; done: () => void }) {
  const { me } = useShell();
  const key = `vedette.draft.${me.user.id}.${incident}`;
  const [text, setText] = useState(sessionStorage.getItem(key) ?? "");
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  useCommands([{ id: "incident-comment", label: "incident-comment", keys: ["c"], group: "commands-incident", run: () => box.current?.focus() }]);
  const write = (next: string) => {
    setText(next);
    if (next) sessionStorage.setItem(key, next);
    else sessionStorage.removeItem(key);
  };
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    try {
      await commentIncident(incident, text.trim());
      write("");
      done();
      box.current?.blur();
    } catch (error) {
      toastProblem(error);
    }
    setBusy(false);
  };
  return (
    <form class="comment" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <textarea
        ref={box} rows={2} value={text} placeholder={t("comment-hint")} aria-label={t("incident-comment")}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(); }}
      />
      <button class="button" disabled={busy || !text.trim()}>{t("comment-send")} <kbd>Ctrl Enter</kbd></button>
    </form>
  );
}
