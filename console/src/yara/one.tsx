// The editor of a set of YARA rules: what does not load is told with its place before it can be kept.
import { useEffect, useMemo, useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import type { YaraCheck, YaraSetRequest, YaraSetView } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import type { Mark } from "../ui/code.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading, explain } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { checkYara, createYaraSet, deleteYaraSet, getYaraSet, updateYaraSet } from "./api.ts";
import { RuleTable } from "./page.tsx";

const PAUSE_MS = 500;
const TEMPLATE = `rule example : tag
{
    meta:
        description = "What a match means"
        description_zh = ""
        severity = "high"
    strings:
        $a = "something" ascii wide nocase
    condition:
        filesize < 1MB and $a
}
`;

export function YaraPage({ id }: { id: string }) {
  const loaded = useLoad(async (signal) => ({ set: id === "new" ? null : await getYaraSet(id, signal) }), id);
  if (!loaded.value) return <Page title={t("yara-set")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const { set } = loaded.value;
  return <Editor key={`${id} ${set?.version ?? ""}`} set={set} saved={(next) => loaded.set({ set: next })} />;
}

function Editor({ set, saved }: { set: YaraSetView | null; saved: (set: YaraSetView) => void }) {
  const { me, customers } = useShell();
  const mayWrite = useMay("policy.write") && (!set || Boolean(set.customers) || me.user.all_customers);
  const [name, setName] = useState(set?.name ?? "");
  const [note, setNote] = useState(set?.note ?? "");
  const [enabled, setEnabled] = useState(set?.enabled ?? true);
  const [among, setAmong] = useState<string[]>(set?.customers ?? []);
  const [text, setText] = useState(set?.text ?? TEMPLATE);
  const [leaveOut, setLeaveOut] = useState((set?.left_out ?? 0) > 0);
  const [check, setCheck] = useState<YaraCheck | null>(null);
  const [checking, setChecking] = useState(mayWrite);
  const [refused, setRefused] = useState("");
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const { value: code } = useLoad(() => import("../ui/code.tsx"), "code");
  const Code = code?.default;

  useEffect(() => {
    if (!mayWrite) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      setChecking(true);
      checkYara(text, abort.signal).then(
        (found) => { setCheck(found); setRefused(""); setChecking(false); },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setChecking(false);
          setRefused(explain(asProblem(error)).title);
        },
      );
    }, PAUSE_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text, mayWrite]);

  const problems = mayWrite ? check?.problems ?? [] : set?.problems ?? [];
  const marks = useMemo<Mark[]>(() => problems.map((one) => ({ line: one.line, column: one.column, severity: "error", message: one.message })), [check, set]);
  const ready = mayWrite && !busy && !checking && name.trim() !== "" && (check?.count ?? 0) > 0 && (problems.length === 0 || leaveOut) && (me.user.all_customers || among.length > 0);
  const save = () => {
    if (!ready) return;
    const body: YaraSetRequest = { name: name.trim(), note: note.trim(), enabled, customers: among.length > 0 ? among : null, text, leave_out: leaveOut };
    setBusy(true);
    (set ? updateYaraSet(set.id, set.version, body) : createYaraSet(body)).then((next) => {
      toastDone(t("yara-saved"));
      if (set) saved(next);
      else navigate(`/yara/${next.id}`);
    }, toastProblem).finally(() => setBusy(false));
  };
  useCommands([
    { id: "yara-save", label: "save", keys: ["Mod+s"], group: "commands-page", when: () => mayWrite, run: save },
    { id: "back", label: "back-to-list", keys: ["Escape"], group: "commands-page", run: () => navigate("/rules?tab=yara") },
  ]);
  const toggle = (id: string) => setAmong((now) => now.includes(id) ? now.filter((one) => one !== id) : [...now, id]);
  return (
    <Page
      title={set ? set.name : t("yara-new")} fill
      lead={set ? <><span class="tag">{t("yara-version", { version: set.version })}</span> <span class="muted">{set.changed_by_name ?? t("the-platform")} <Time at={set.changed} /></span></> : undefined}
      actions={
        <>
          <a class="button" href="/rules?tab=yara">{t("yara-rules")}</a>
          {set && mayWrite && <button class="button danger" onClick={() => setRemoving(true)}>{t("delete")}</button>}
          {mayWrite && <button class="button primary" disabled={!ready} onClick={save}>{t("save")} <kbd>Ctrl S</kbd></button>}
        </>
      }
    >
      {!mayWrite && <p class="note">{t("yara-read-only")}</p>}
      <div class="parser-editor yara-editor">
        <section class="parser-text">
          <div class="code-frame">{Code ? <Code text={text} set={setText} marks={marks} language="yara" label={t("yara-text")} readOnly={!mayWrite} jump={jump} /> : <Loading />}</div>
          <p class={refused ? "form-error" : "muted"} role="status">{refused || (checking ? t("yara-checking") : check && t("yara-loads", { count: check.count, problems: problems.length }))}</p>
        </section>
        <section class="parser-lines">
          <fieldset class="yara-about" disabled={!mayWrite}>
            <label class="filter"><span>{t("yara-name")}</span><input name="yara-name" value={name} maxLength={100} onInput={(event) => setName(event.currentTarget.value)} /></label>
            <label class="filter wide"><span>{t("yara-note")}</span><input name="yara-note" value={note} maxLength={2000} placeholder={t("yara-note-hint")} onInput={(event) => setNote(event.currentTarget.value)} /></label>
            <label class="check"><input type="checkbox" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} /> {t("yara-enabled")}</label>
            <div class="choices" role="group" aria-label={t("yara-for")}>
              <span class="muted">{t("yara-for")}</span>
              {[...customers.values()].map((one) => <label key={one.id}><input type="checkbox" checked={among.includes(one.id)} onChange={() => toggle(one.id)} />{one.short_name}</label>)}
              <small class="muted">{t(me.user.all_customers ? "yara-for-hint" : "yara-for-some-hint")}</small>
            </div>
          </fieldset>
          <div class="scroll" tabIndex={0} role="region" aria-label={t("yara-found")}>
            {problems.length > 0 && (
              <>
                <h3>{t("yara-problems", { count: problems.length })}</h3>
                <ul class="yara-problems">
                  {problems.map((one) => (
                    <li key={`${one.line} ${one.column} ${one.message}`}>
                      <button class="link" onClick={() => setJump({ line: one.line })}>{t("yara-place", { line: one.line, column: one.column })}</button> {one.rule && <b class="mono">{one.rule}</b>} {one.message}
                    </li>
                  ))}
                </ul>
                {mayWrite && <label class="check"><input type="checkbox" name="leave-out" checked={leaveOut} onChange={(event) => setLeaveOut(event.currentTarget.checked)} /> {t("yara-leave-out")}</label>}
              </>
            )}
            {check && check.rules.length > 0 && <><h3>{t("yara-in-force", { count: check.count })}</h3><RuleTable rules={check.rules} /></>}
          </div>
        </section>
      </div>
      {removing && set && (
        <Confirm
          title={t("delete")} text={t("yara-delete-text", { name: set.name })} action={t("delete")} danger close={() => setRemoving(false)}
          run={() => void deleteYaraSet(set).then(() => { toastDone(t("deleted")); navigate("/rules?tab=yara"); }, toastProblem)}
        />
      )}
    </Page>
  );
}
