// One's own exports: how far they are, their files while they are kept.
import type { Export } from "../api/types.ts";
import { Coloured } from "../event/help.tsx";
import { eventsUrl } from "../event/query.ts";
import { bytes, exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { cancelExport, deleteExport, exportFile, listExports } from "./api.ts";

export function ExportsPage() {
  const exports = useLoad((signal) => listExports(undefined, signal), "exports");
  useChanges((change) => change.noun === "export", exports.reload);
  const items = exports.value?.items;
  return (
    <Page title={t("nav-exports")} actions={<a class="button" href="/events">{t("nav-events")}</a>}>
      <p class="muted lead">{t("exports-lead")}</p>
      {!items && (exports.problem ? <Failure problem={exports.problem} retry={exports.reload} /> : <Loading />)}
      {items?.length === 0 && <Empty title={t("exports-none")} hint={t("exports-none-hint")} />}
      {items && items.length > 0 && (
        <table class="plain exports">
          <thead>
            <tr>
              <th scope="col">{t("created")}</th><th scope="col">{t("export-what")}</th><th scope="col">{t("export-format")}</th>
              <th scope="col">{t("export-state")}</th><th scope="col" class="numeric">{t("export-events")}</th><th scope="col" class="numeric">{t("export-size")}</th>
              <th scope="col">{t("export-kept")}</th><th scope="col"><span class="visually-hidden">{t("export-actions")}</span></th>
            </tr>
          </thead>
          <tbody>{items.map((one) => <Row key={one.id} one={one} reload={exports.reload} />)}</tbody>
        </table>
      )}
    </Page>
  );
}

function Row({ one, reload }: { one: Export; reload: () => void }) {
  const open = one.state === "queued" || one.state === "running";
  const customer = one.customers?.length === 1 ? one.customers[0] : undefined;
  const act = (work: Promise<unknown>, done: string) => work.then(() => { toastDone(done); reload(); }, toastProblem);
  return (
    <tr class={`export-row ${one.state}`} data-export={one.id}>
      <td><Time at={one.created} /></td>
      <td>
        <a href={eventsUrl({ from: one.from, to: one.to, customer, query: one.q })} class="mono">{one.q ? <Coloured text={one.q} /> : t("export-all")}</a>
        <div class="muted">{exact(one.from)} – {exact(one.to)}</div>
      </td>
      <td>{one.format.toUpperCase()}</td>
      <td>
        <span class={`state-mark ${one.state}`}>{word("export-state", one.state)}</span>
        {one.state === "running" && (
          <progress max={Math.max(1, one.total ?? 1)} value={one.total ? one.events : undefined} aria-label={t("export-progress")} />
        )}
        {one.problem && <div class="field-error">{one.problem}</div>}
      </td>
      <td class="numeric">{one.state === "queued" ? "" : number(one.events)}{open && one.total ? ` / ${number(one.total)}` : ""}</td>
      <td class="numeric">{one.bytes > 0 ? bytes(one.bytes) : ""}</td>
      <td>{one.state === "done" && one.expires && <time dateTime={one.expires}>{t("export-until", { time: exact(one.expires) })}</time>}</td>
      <td class="row-actions">
        {one.state === "done" && <a class="button primary" href={exportFile(one.id)} download>{t("export-fetch")}</a>}{" "}
        {open
          ? <button class="button" onClick={() => act(cancelExport(one.id), t("export-cancelled"))}>{t("cancel")}</button>
          : <button class="button quiet" onClick={() => act(deleteExport(one.id), t("deleted"))}>{t("delete")}</button>}
      </td>
    </tr>
  );
}
