// What saving would change, shown before it is done.
import type { ParserOutcome } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { t } from "../i18n/text.ts";
import { Dialog } from "../ui/dialog.tsx";

interface Props { name: string; outcome: ParserOutcome; save: () => void; close: () => void; busy: boolean }

export function OutcomeDialog({ name, outcome, save, close, busy }: Props) {
  const calm = outcome.changes.length === 0 && outcome.taken.length === 0 && outcome.not_taken.length === 0;
  return (
    <Dialog title={t("parser-save-title", { name })} close={close} kind="wide">
      <p>{t("parser-checked", { samples: outcome.samples, others: outcome.others })}</p>
      {calm && <p class="note">{t("parser-check-calm")}</p>}
      {outcome.not_taken.length > 0 && (
        <section>
          <h3>{t("parser-not-taken", { count: outcome.not_taken.length })}</h3>
          <ul class="mono">{outcome.not_taken.slice(0, 10).map((line) => <li key={line} class="clip-line">{line}</li>)}</ul>
        </section>
      )}
      {outcome.taken.length > 0 && (
        <section>
          <h3 class="required">{t("parser-takes-others", { count: outcome.taken.length })}</h3>
          <ul>{outcome.taken.slice(0, 10).map((one) => <li key={one.line} class="clip-line"><SourceName id={one.source} />: <span class="mono">{one.line}</span></li>)}</ul>
        </section>
      )}
      {outcome.changes.length > 0 && (
        <section>
          <h3>{t("parser-changes", { count: outcome.changes.length })}</h3>
          <ul>{outcome.changes.slice(0, 10).map((one) => <li key={one.line} class="clip-line"><b class="mono">{one.fields.join(", ")}</b> <span class="mono muted">{one.line}</span></li>)}</ul>
        </section>
      )}
      <p class="muted">{t("parser-save-hint")}</p>
      <div class="form-actions">
        <button class="button" onClick={close}>{t("cancel")}</button>
        <button class="button primary" autofocus disabled={busy} onClick={save}>{t("save")}</button>
      </div>
    </Dialog>
  );
}
