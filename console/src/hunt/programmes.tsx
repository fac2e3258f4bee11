// Programmes: templates with a rhythm that make the next hunt by themselves.
import { useState } from "preact/hooks";

import type { HuntData, HuntProgramme, HuntProgrammeData } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { language, t } from "../i18n/text.ts";
import { Whose } from "../intel/marks.tsx";
import { navigate } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import { type Field, FormDialog, type Values } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { beginProgramme, createProgramme, deleteProgramme, listProgrammes, updateProgramme } from "./api.ts";
import { ABOUT, NOTHING, aboutOf, aboutStart, dataOf, templateChoices, useCustomerField, useHunters, useTemplates } from "./form.tsx";
import { rhythmName, roundName } from "./marks.tsx";
import { QueryList } from "./queries.tsx";

export function Programmes() {
  const shell = useShell();
  const mayWrite = useMay("hunt.write");
  const loaded = useLoad((signal) => listProgrammes({ limit: 500 }, signal), "programmes");
  const [editing, setEditing] = useState<HuntProgramme | null>(null);
  const [deleting, setDeleting] = useState<HuntProgramme | null>(null);
  const [asking, setAsking] = useState<string | null>(null);
  useChanges((change) => change.noun === "hunt", loaded.reload);
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  if (loaded.value.items.length === 0) return <Empty title={t("programmes-none")} hint={t("programmes-none-hint")} />;
  const may = (one: HuntProgramme) => mayWrite && (Boolean(one.customers) || shell.me.user.all_customers);
  const begin = (one: HuntProgramme) => void beginProgramme(one.id).then((hunt) => navigate(`/hunts/${hunt.id}`), toastProblem);
  const queried = loaded.value.items.find((one) => one.id === asking);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("programmes")}>
      <table class="plain">
        <thead>
          <tr>
            {["hunt-title", "programme-rhythm", "programme-next", "programme-last", "hunt-customers", "hunt-owner", "hunt-queries"].map((key) => <th key={key} scope="col">{t(key)}</th>)}
            {mayWrite && <th scope="col"><span class="visually-hidden">{t("actions")}</span></th>}
          </tr>
        </thead>
        <tbody>
          {loaded.value.items.map((one) => (
            <tr key={one.id} class={one.active ? "" : "off"}>
              <td><a class="in-text" href={`/hunts?programme=${one.id}&state=all`}>{one.template.title}</a>{!one.active && <span class="tag">{t("programme-off")}</span>}</td>
              <td>{rhythmName(one)} <span class="muted">{one.time_zone}</span></td>
              <td>{one.next ? exact(one.next) : t("none")}</td>
              <td>{one.last_round ? roundName(one.last_round) : t("none")}</td>
              <td><Whose customers={one.customers} /></td>
              <td>{one.template.owner ? nameOf(shell, one.template.owner) : t("incident-nobody")}</td>
              <td>{may(one) ? <button class="link" aria-expanded={asking === one.id} onClick={() => setAsking(asking === one.id ? null : one.id)}>{t("programme-queries", { count: one.template.queries?.length ?? 0 })}</button> : one.template.queries?.length}</td>
              {mayWrite && (
                <td class="row-actions">
                  {may(one) && <><button class="link" onClick={() => begin(one)}>{t("programme-begin")}</button> <button class="link" onClick={() => setEditing(one)}>{t("edit")}</button> <button class="link" onClick={() => setDeleting(one)}>{t("delete")}</button></>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {queried && (
        <section class="programme-queries">
          <h2>{queried.template.title}</h2>
          <QueryList
            queries={queried.template.queries ?? []}
            change={async (queries) => {
              await updateProgramme(queried, queried.customers ?? null, { ...dataOfProgramme(queried), template: { ...dataOf(queried.template), queries } });
              loaded.reload();
            }}
          />
        </section>
      )}
      {editing && <ProgrammeDialog programme={editing} close={() => setEditing(null)} done={loaded.reload} />}
      {deleting && (
        <Confirm
          title={t("programme-delete")} text={t("programme-delete-text", { name: deleting.template.title })} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => void deleteProgramme(deleting.id).then(loaded.reload, toastProblem)}
        />
      )}
    </div>
  );
}

function dataOfProgramme(of: HuntProgramme): HuntProgrammeData {
  const { rhythm, time_zone, due_days, active, template } = of;
  return { rhythm, time_zone, due_days, active, template };
}

export function ProgrammeDialog({ programme, close, done }: { programme?: HuntProgramme; close: () => void; done?: () => void }) {
  const templates = useTemplates();
  const owners = useHunters();
  const { me } = useShell();
  const among = useCustomerField();
  const weekly = (values: Values) => values.every === "week";
  const about: Field[] = programme ? ABOUT(owners) : [
    { kind: "select", name: "template", label: t("hunt-template"), options: templateChoices(templates), wide: true, autofocus: true },
    { kind: "text", name: "title", label: t("hunt-title"), hint: t("hunt-title-hint"), wide: true, max: 200 },
    { kind: "select", name: "owner", label: t("hunt-owner"), options: owners },
  ];
  const rhythm = programme?.rhythm;
  return (
    <FormDialog
      title={t(programme ? "programme-edit" : "programme-new")} action={t("save")} close={close}
      start={{
        ...aboutStart(programme?.template ?? NOTHING), template: "", owner: programme ? programme.template.owner ?? "" : me.user.id,
        every: rhythm?.every ?? "week", weekday: rhythm?.every === "week" ? String(rhythm.weekday) : "1", day: rhythm?.every === "month" ? rhythm.day : 1,
        time_zone: programme?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, due_days: programme?.due_days ?? 5, active: programme?.active ?? true, customers: programme?.customers ?? [],
      }}
      fields={[
        ...about,
        { kind: "choice", name: "every", label: t("programme-rhythm"), options: [{ value: "week", label: t("programme-weekly") }, { value: "month", label: t("programme-monthly") }] },
        { kind: "select", name: "weekday", label: t("programme-weekday"), options: [1, 2, 3, 4, 5, 6, 7].map((value) => ({ value: String(value), label: t(`weekday-${value}`) })), when: weekly },
        { kind: "number", name: "day", label: t("programme-day"), hint: t("programme-day-hint"), least: 1, most: 31, when: (values) => !weekly(values) },
        { kind: "text", name: "time_zone", label: t("time-zone"), required: true },
        { kind: "number", name: "due_days", label: t("programme-due-days"), least: 1, most: 60, required: true },
        { ...among, hint: t(me.user.all_customers ? "programme-customers-hint" : "programme-customers-some-hint"), required: !me.user.all_customers },
        { kind: "check", name: "active", label: t("programme-active") },
      ]}
      submit={async (values) => {
        const base: HuntData = programme?.template ?? templates.find((one) => one.slug === values.template)?.data[language()] ?? NOTHING;
        const said: HuntData = programme ? aboutOf(base, values) : { ...dataOf(base), title: String(values.title).trim() || base.title, owner: String(values.owner) || null };
        const data: HuntProgrammeData = {
          rhythm: weekly(values) ? { every: "week", weekday: Number(values.weekday) } : { every: "month", day: Number(values.day) },
          time_zone: String(values.time_zone).trim(), due_days: Number(values.due_days), active: Boolean(values.active), template: { ...said, due: null },
        };
        const chosen = values.customers as string[];
        const customers = chosen.length > 0 ? chosen : null;
        await (programme ? updateProgramme(programme, customers, data) : createProgramme(customers, data));
        toastDone(t("saved"));
        done?.();
      }}
    />
  );
}
