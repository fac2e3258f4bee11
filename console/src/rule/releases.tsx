// Releases of somebody else's rules: brought as an archive, reviewed change by change, taken over or not.
import { useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import type { ChangeSet, RuleChange, Severity } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Diff } from "../ui/diff.tsx";
import { Segments } from "../ui/filter.tsx";
import { FormDialog } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { acceptChangeSet, addChangeSet, discardChangeSet, listChangeSets, listCollections, readChange, readChanges } from "./api.ts";

const KINDS = ["modified", "changed", "new", "removed", "unusable"];

export function Releases() {
  const { me } = useShell();
  const mayWrite = useMay("policy.write") && me.user.all_customers;
  const [set, setSet] = useParameter("set");
  const [adding, setAdding] = useState(false);
  const collections = useLoad(listCollections, "collections");
  const sets = useLoad(listChangeSets, "sets");
  useChanges((change) => change.noun === "use_case", () => { collections.reload(); sets.reload(); });
  const chosen = sets.value?.items.find((one) => one.id === set);
  if (chosen) return <Review set={chosen} mayWrite={mayWrite} back={() => setSet("")} done={() => { sets.reload(); collections.reload(); setSet(""); }} />;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("releases")}>
      <p class="note">{t("releases-note")}</p>
      {mayWrite && <p><button class="button" onClick={() => setAdding(true)}>{t("release-add")}</button></p>}
      {(collections.value?.items.length ?? 0) > 0 && (
        <table class="plain">
          <caption>{t("collections")}</caption>
          <thead><tr><th scope="col">{t("collection")}</th><th scope="col">{t("release-name")}</th><th scope="col" class="numeric">{t("release-files")}</th><th scope="col">{t("use-case-state")}</th><th scope="col">{t("release-since")}</th></tr></thead>
          <tbody>{collections.value?.items.map((one) => <tr key={one.name}><td>{one.name}</td><td>{one.release}</td><td class="numeric">{number(one.files)}</td><td>{word("use-case-state", one.state)}</td><td><Time at={one.changed} /></td></tr>)}</tbody>
        </table>
      )}
      {!sets.value && (sets.problem ? <Failure problem={sets.problem} retry={sets.reload} /> : <Loading />)}
      {sets.value?.items.length === 0 && <Empty title={t("releases-none")} hint={t("releases-none-hint")} />}
      {(sets.value?.items.length ?? 0) > 0 && (
        <table class="plain">
          <caption>{t("change-sets")}</caption>
          <thead><tr><th scope="col">{t("collection")}</th><th scope="col">{t("release-name")}</th><th scope="col">{t("release-changes")}</th><th scope="col">{t("release-state")}</th><th scope="col">{t("release-brought")}</th></tr></thead>
          <tbody>
            {sets.value?.items.map((one) => (
              <tr key={one.id}>
                <td>{one.collection}</td><td>{one.state === "pending" ? <button class="link" onClick={() => setSet(one.id)}>{one.release}</button> : one.release}</td>
                <td>{one.counts.map((count) => `${word("rule-change", count.kind)} ${number(count.count)}`).join(" · ") || t("release-same")}</td>
                <td>{word("change-set", one.state)}</td><td><Time at={one.created} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AddDialog known={collections.value?.items[0]?.name ?? "SigmaHQ"} close={() => setAdding(false)} done={(id) => { sets.reload(); setSet(id); }} />}
    </div>
  );
}

function AddDialog({ known, close, done }: { known: string; close: () => void; done: (id: string) => void }) {
  const [file, setFile] = useState<File | null>(null);
  return (
    <FormDialog
      title={t("release-add")} action={t("release-compare")} close={close} start={{ collection: known, release: "" }}
      fields={[
        { kind: "text", name: "collection", label: t("collection"), required: true, max: 100 },
        { kind: "text", name: "release", label: t("release-name"), hint: t("release-name-hint"), required: true, max: 100, autofocus: true },
      ]}
      submit={async (values) => {
        if (!file) throw asProblem(new Error(t("release-file-missing")));
        const set = await addChangeSet(String(values.collection).trim(), String(values.release).trim(), await file.arrayBuffer());
        done(set.id);
      }}
    >
      <div class="field wide"><label for="release-file">{t("release-file")}</label><input id="release-file" type="file" accept=".zip,.gz,.tgz" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} /><small class="muted">{t("release-file-hint")}</small></div>
    </FormDialog>
  );
}

function Review({ set, mayWrite, back, done }: { set: ChangeSet; mayWrite: boolean; back: () => void; done: () => void }) {
  const many = (kind: string) => set.counts.find((count) => count.kind === kind)?.count ?? 0;
  const [kind, setKind] = useParameter("kind", KINDS.find((one) => many(one) > 0) ?? "new");
  const [left, setLeft] = useState<Set<string>>(new Set());
  const [most, setMost] = useState(200);
  const [taking, setTaking] = useState(false);
  const [discarding, setDiscarding] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const loaded = useLoad((signal) => readChanges(set.id, { kind, limit: most }, signal), `${set.id} ${kind} ${most}`);
  const toggle = (id: string) => setLeft((now) => { const next = new Set(now); if (!next.delete(id)) next.add(id); return next; });
  return (
    <>
      <div class="filters">
        <button class="link" onClick={back}>← {t("releases")}</button> <strong>{set.collection} {set.release}</strong>
        <Segments label={t("release-changes")} value={kind} set={setKind} options={KINDS.map((value) => ({ value, label: `${word("rule-change", value)} ${number(many(value))}` }))} />
        {mayWrite && <button class="button danger" onClick={() => setDiscarding(true)}>{t("release-discard")}</button>}
        {mayWrite && <button class="button primary" onClick={() => setTaking(true)}>{t("release-accept")}</button>}
      </div>
      <p class="muted">{word("rule-change-why", kind)} {left.size > 0 && t("release-left", { count: left.size })}</p>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value?.items.length === 0 && <Empty title={t("release-no-such")} />}
      {loaded.value && loaded.value.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("release-changes")}>
          <table class="plain">
            <thead><tr>{kind !== "unusable" && <th scope="col">{t("release-take")}</th>}<th scope="col">{t("rule-title")}</th><th scope="col">{t("severity")}</th><th scope="col">{t("rule-path")}</th></tr></thead>
            <tbody>
              {loaded.value.items.map((one) => (
                <tr key={one.id}>
                  {kind !== "unusable" && <td><input type="checkbox" disabled={!mayWrite} checked={!left.has(one.id)} aria-label={t("release-take-one", { title: one.title })} onChange={() => toggle(one.id)} /></td>}
                  <td><button class="link" aria-expanded={open === one.id} onClick={() => setOpen(open === one.id ? null : one.id)}>{one.title}</button>{open === one.id && <Texts set={set.id} change={one} />}</td>
                  <td>{one.level && <SeverityMark of={one.level as Severity} />}</td><td class="mono">{one.path}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {loaded.value.next && <button class="button" onClick={() => setMost(Math.min(1000, most + 400))}>{t("release-more")}</button>}
        </div>
      )}
      {taking && (
        <FormDialog
          title={t("release-accept")} action={t("release-accept")} close={() => setTaking(false)} start={{ state: "test" }}
          fields={[{ kind: "choice", name: "state", label: t("release-state-of-rules"), hint: t("release-state-hint"), options: ["test", "live"].map((value) => ({ value, label: word("use-case-state", value) })) }]}
          submit={async (values) => { await acceptChangeSet(set.id, values.state as "test" | "live", [...left]); toastDone(t("saved")); done(); }}
        />
      )}
      {discarding && <Confirm title={t("release-discard")} text={t("release-discard-text")} action={t("release-discard")} danger close={() => setDiscarding(false)} run={() => void discardChangeSet(set.id).then(done, toastProblem)} />}
    </>
  );
}

function Texts({ set, change }: { set: string; change: RuleChange }) {
  const loaded = useLoad((signal) => readChange(set, change.id, signal), change.id);
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  const { before, after } = loaded.value;
  if (before == null || after == null) return <pre class="raw" tabIndex={0}>{after ?? before ?? ""}</pre>;
  return <Diff before={before} after={after} />;
}
