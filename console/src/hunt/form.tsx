// Planning a hunt: from a template or from nothing; and what is asked in it.
import type { Hunt, HuntData, HuntQuery, HuntTemplate } from "../api/types.ts";
import { Problem, asProblem } from "../api/problem.ts";
import { language, t, word } from "../i18n/text.ts";
import { listLists } from "../intel/api.ts";
import { useShell } from "../shell/session.ts";
import { type Field, FormDialog, type Values, instant, localInput, optional } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { toastDone } from "../ui/toast.tsx";
import { createHunt, listTemplates, setCustomers, updateHunt } from "./api.ts";

const HUNTERS = ["administrator", "soc_manager", "l2_engineer", "l3_analyst"];

export const NOTHING: HuntData = { title: "", hypothesis: "", techniques: [], needs: "", look_for: "", false_positives: "", queries: [], owner: null, due: null };

/** What is said about a hunt, without what only the server says. */
export function dataOf(hunt: HuntData): HuntData {
  const { title, hypothesis, techniques, needs, look_for, false_positives, queries, owner, due } = hunt;
  return { title, hypothesis, techniques, needs, look_for, false_positives, queries, owner, due };
}

export function useHunters(): { value: string; label: string }[] {
  const { people, me } = useShell();
  const known = [...people.values()].filter((one) => one.roles.some((role) => HUNTERS.includes(role))).map((one) => ({ value: one.id, label: one.name }));
  const own = known.some((one) => one.value === me.user.id) ? [] : [{ value: me.user.id, label: me.user.name }];
  return [{ value: "", label: t("incident-nobody") }, ...own, ...known];
}

export function useTemplates(): HuntTemplate[] {
  return useLoad(listTemplates, "hunt-templates").value ?? [];
}

export function useCustomerField(): Field {
  const { customers } = useShell();
  return {
    kind: "many", name: "customers", label: t("hunt-customers"), hint: t("hunt-customers-hint"), wide: true,
    options: [...customers.values()].sort((a, b) => a.short_name.localeCompare(b.short_name)).map((one) => ({ value: one.id, label: one.short_name })),
  };
}

export const templateChoices = (templates: HuntTemplate[]) => [{ value: "", label: t("hunt-template-none") }, ...templates.map((one) => ({ value: one.slug, label: one.data[language()].title }))];

interface DialogProps { close: () => void; done: (hunt: Hunt) => void; start?: Partial<HuntData>; customers?: string[] }

/** A new hunt. */
export function HuntDialog({ close, done, start, customers }: DialogProps) {
  const templates = useTemplates();
  const owners = useHunters();
  const { me } = useShell();
  const among = useCustomerField();
  return (
    <FormDialog
      title={t("hunt-new")} action={t("hunt-plan")} close={close}
      start={{ template: "", title: start?.title ?? "", hypothesis: "", owner: me.permissions.includes("hunt.write") ? me.user.id : "", due: localInput(new Date(Date.now() + 5 * 86_400_000)), customers: customers ?? [] }}
      fields={[
        ...(start ? [] : [{ kind: "select" as const, name: "template", label: t("hunt-template"), hint: t("hunt-template-hint"), options: templateChoices(templates), wide: true, autofocus: true }]),
        { kind: "text", name: "title", label: t("hunt-title"), hint: start ? undefined : t("hunt-title-hint"), wide: true, max: 200, required: Boolean(start) },
        { kind: "area", name: "hypothesis", label: t("hunt-hypothesis"), hint: t("hunt-hypothesis-hint"), rows: 3, when: (values) => !values.template },
        { kind: "select", name: "owner", label: t("hunt-owner"), options: owners },
        { kind: "moment", name: "due", label: t("hunt-due") },
        among,
      ]}
      submit={async (values) => {
        const base = templates.find((one) => one.slug === values.template)?.data[language()] ?? NOTHING;
        const data: HuntData = { ...base, ...start, title: String(values.title).trim() || base.title, owner: optional(values.owner), due: instant(values.due) };
        if (!values.template) data.hypothesis = String(values.hypothesis ?? "") || (start?.hypothesis ?? "");
        const hunt = await createHunt(values.customers as string[], data);
        toastDone(t("saved"));
        done(hunt);
      }}
    />
  );
}

/** The fields that say what a hunt is about. */
export const ABOUT = (owners: { value: string; label: string }[]): Field[] => [
  { kind: "text", name: "title", label: t("hunt-title"), required: true, wide: true, max: 200, autofocus: true },
  { kind: "area", name: "hypothesis", label: t("hunt-hypothesis"), hint: t("hunt-shared-hint"), rows: 3 },
  { kind: "text", name: "techniques", label: t("techniques"), hint: t("hunt-techniques-hint") },
  { kind: "text", name: "needs", label: t("hunt-needs"), hint: t("hunt-needs-hint"), wide: true },
  { kind: "area", name: "look_for", label: t("hunt-look-for"), rows: 4 },
  { kind: "area", name: "false_positives", label: t("hunt-false-positives"), rows: 3 },
  { kind: "select", name: "owner", label: t("hunt-owner"), options: owners },
];

export const aboutStart = (data: HuntData): Values => ({
  title: data.title, hypothesis: data.hypothesis, techniques: (data.techniques ?? []).join(" "), needs: data.needs, look_for: data.look_for, false_positives: data.false_positives, owner: data.owner ?? "",
});

export function aboutOf(before: HuntData, values: Values): HuntData {
  const text = (name: string) => String(values[name] ?? "").trim();
  return {
    ...dataOf(before), title: text("title"), hypothesis: text("hypothesis"), techniques: text("techniques").split(/[\s,]+/).filter(Boolean), needs: text("needs"),
    look_for: text("look_for"), false_positives: text("false_positives"), owner: optional(values.owner),
  };
}

export function EditDialog({ hunt, close, done }: { hunt: Hunt; close: () => void; done: (hunt: Hunt) => void }) {
  const owners = useHunters();
  return (
    <FormDialog
      title={t("hunt-edit")} action={t("save")} close={close} start={{ ...aboutStart(hunt), due: localInput(hunt.due) }} fields={[...ABOUT(owners), { kind: "moment", name: "due", label: t("hunt-due") }]}
      submit={async (values) => {
        done(await updateHunt(hunt, { ...aboutOf(hunt, values), due: instant(values.due) }));
        toastDone(t("saved"));
      }}
    />
  );
}

export function CustomersDialog({ hunt, close, done }: { hunt: Hunt; close: () => void; done: (hunt: Hunt) => void }) {
  const among = useCustomerField();
  return (
    <FormDialog
      title={t("hunt-customers-edit")} action={t("save")} close={close} start={{ customers: hunt.customers }} fields={[{ ...among, hint: t("hunt-customers-edit-hint"), required: true }]}
      submit={async (values) => done(await setCustomers(hunt, values.customers as string[]))}
    />
  );
}

const PERIODS = [1, 3, 7, 14, 30, 90, 180, 365];

/** One query of a hunt, of whichever kind. */
export function QueryDialog({ query, close, save }: { query?: HuntQuery; close: () => void; save: (query: HuntQuery) => Promise<void> }) {
  const lists = useLoad((signal) => listLists({ limit: 200 }, signal), "lists").value?.items ?? [];
  const days = query?.seconds ? Math.max(1, Math.round(query.seconds / 86_400)) : 7;
  const periods = [...new Set([...PERIODS, days])].sort((a, b) => a - b);
  const ask = query?.ask;
  return (
    <FormDialog
      title={t(query ? "hunt-query-edit" : "hunt-query-add")} action={t("save")} close={close}
      start={{
        kind: ask?.kind ?? "search", name: query?.name ?? "", q: ask?.kind === "search" ? ask.q : "", list: ask?.kind === "list" ? ask.list : "", text: ask?.kind === "use_case" ? ask.text : "",
        period: query?.from ? "between" : String(days), from: localInput(query?.from), to: localInput(query?.to), note: query?.note ?? "",
      }}
      fields={[
        { kind: "choice", name: "kind", label: t("hunt-query-kind"), options: ["search", "list", "use_case"].map((value) => ({ value, label: word("hunt-query-kind", value) })), wide: true },
        { kind: "text", name: "name", label: t("hunt-query-name"), required: true, max: 100, wide: true, autofocus: true },
        { kind: "area", name: "q", label: t("hunt-query-q"), hint: t("hunt-query-q-hint"), rows: 3, required: true, when: (values) => values.kind === "search" },
        { kind: "select", name: "list", label: t("intel-list"), required: true, options: [{ value: "", label: t("none") }, ...lists.map((one) => ({ value: one.id, label: one.name }))], when: (values) => values.kind === "list" },
        { kind: "area", name: "text", label: t("hunt-query-rule"), hint: t("hunt-query-rule-hint"), rows: 8, required: true, when: (values) => values.kind === "use_case" },
        { kind: "select", name: "period", label: t("hunt-query-period"), options: [...periods.map((value) => ({ value: String(value), label: t("hunt-last-days", { days: value }) })), { value: "between", label: t("hunt-between") }] },
        { kind: "moment", name: "from", label: t("hunt-from"), required: true, when: (values) => values.period === "between" },
        { kind: "moment", name: "to", label: t("hunt-to"), required: true, when: (values) => values.period === "between" },
        { kind: "area", name: "note", label: t("hunt-query-note"), rows: 2 },
      ]}
      submit={async (values) => {
        const between = values.period === "between";
        const kind = String(values.kind);
        const shown = kind === "list" ? "list" : kind === "use_case" ? "text" : "q";
        const wanted: HuntQuery = {
          key: query?.key ?? `q${Date.now().toString(36)}`, name: String(values.name).trim(), note: String(values.note ?? ""),
          ask: kind === "list" ? { kind, list: String(values.list) } : kind === "use_case" ? { kind, text: String(values.text) } : { kind: "search", q: String(values.q).trim() },
          seconds: between ? null : Number(values.period) * 86_400, from: between ? instant(values.from) : null, to: between ? instant(values.to) : null,
        };
        await save(wanted).catch((error: unknown) => {
          // The server speaks of the hunt's queries; here it is this one.
          const { code, status, message, fields } = asProblem(error);
          throw new Problem(code, status, message, fields.map((one) => (one.field.endsWith("queries") ? { ...one, field: shown } : one)));
        });
      }}
    />
  );
}
