// Everything about one alert, in a drawer beside its list or on a page of its own.
import { useState } from "preact/hooks";

import type { Alert, Severity } from "../api/types.ts";
import { deviceHealth } from "../device/api.ts";
import { DeviceLink } from "../device/link.tsx";
import { Week } from "../device/week.tsx";
import { duration, exact } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate } from "../shell/router.ts";
import { IgnoreDialog } from "../policy/from_alert.tsx";
import { ExceptionFromAlert } from "../rule/from_alert.tsx";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, OutcomeMark, SEVERITIES, SeverityMark } from "../ui/badge.tsx";
import { FormDialog } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { toastDone } from "../ui/toast.tsx";
import { getAlert, getRule, raiseAlert } from "./api.ts";
import { CardView } from "./card.tsx";
import { DepartureSeen } from "./departure.tsx";
import { Entities } from "./entities.tsx";
import { Facts, Samples } from "./evidence.tsx";
import { IndicatorCard, IndicatorSeen } from "./intel.tsx";
import { StormKeys } from "./storm.tsx";
import { useAlertTitle } from "./title.tsx";

export function AlertDrawer({ id, close }: { id: string; close: () => void }) {
  useCommands([{ id: "drawer-close", label: "close", keys: ["Escape"], group: "commands-page", run: close }]);
  return (
    <aside class="drawer" aria-label={t("alert")}>
      <header class="drawer-head">
        <a href={`/alerts/${id}`}>{t("open-page")}</a>
        <button class="icon-button" aria-label={t("close")} onClick={close}>×</button>
      </header>
      <AlertDetail id={id} />
    </aside>
  );
}

export function AlertDetail({ id, page }: { id: string; page?: boolean }) {
  const { customers } = useShell();
  const alert = useLoad((signal) => getAlert(id, signal), id);
  const [raising, setRaising] = useState(false);
  const [ignoring, setIgnoring] = useState(false);
  const [excepting, setExcepting] = useState(false);
  const mayWork = useMay("incident.work");
  useChanges((change) => change.id === id, alert.reload);
  const value = alert.value;
  const title = useAlertTitle(value);
  const mayIgnore = useMay("policy.write") && value !== null && value.state !== "ignored" && value.state !== "ended";
  const mayExcept = useMay("policy.write") && value !== null && value.origin !== "platform";
  const canRaise = mayWork && value !== null && !value.incident;
  useCommands([
    { id: "alert-raise", label: "alert-raise", keys: ["r"], group: "commands-page", run: () => setRaising(true), when: () => canRaise },
    { id: "alert-ignore", label: "alert-ignore-such", keys: ["i"], group: "commands-page", run: () => setIgnoring(true), when: () => mayIgnore },
    { id: "alert-except", label: "exception-create", keys: ["x"], group: "commands-page", run: () => setExcepting(true), when: () => mayExcept },
    {
      id: "alert-incident", label: "alert-open-incident", keys: ["o"], group: "commands-page", when: () => Boolean(value?.incident),
      run: () => navigate(`/incidents/${value?.incident}`),
    },
  ]);
  if (!value) return alert.problem ? <Failure problem={alert.problem} retry={alert.reload} /> : <Loading />;
  return (
    <div class={page ? "alert-detail on-page" : "alert-detail"}>
      <CustomerBand id={value.customer} remark />
      <div class="detail-head">
        {page ? <h1>{title}</h1> : <h2>{title}</h2>}
        <p class="line">
          <SeverityMark of={value.severity} /> <OutcomeMark of={value.outcome} />
          <span class="muted">{word("alert-state", value.state)}</span>
          {value.incident && <a href={`/incidents/${value.incident}`}>{t("alert-open-incident")} <kbd>o</kbd></a>}
          {value.policy && <a href={`/policies?id=${value.policy}`}>{t("alert-by-policy")}</a>}
          {mayIgnore && <button class="button" onClick={() => setIgnoring(true)}>{t("alert-ignore-such")} <kbd>i</kbd></button>}
          {mayExcept && <button class="button" onClick={() => setExcepting(true)}>{t("exception-create")} <kbd>x</kbd></button>}
          {canRaise && <button class="button primary" onClick={() => setRaising(true)}>{t("alert-raise")} <kbd>r</kbd></button>}
        </p>
      </div>
      <div class="detail-body">
        <section>
          <Facts alert={value} title={title} zone={customers.get(value.customer)?.time_zone} />
          {value.origin === "platform" ? <Silent alert={value} /> : (
            <>
              {value.intel && <IndicatorSeen intel={value.intel} />}
              {value.departure && <DepartureSeen departure={value.departure} rule={value.rule_id} customer={value.customer} />}
              <StormKeys alert={value} />
              <h3>{t("entities")}</h3>
              <Entities of={value.entities} context={value} />
              <h3>{t("why-fired")}</h3>
              <Samples alert={value} key={value.id} />
            </>
          )}
        </section>
        <section>
          <h3>{t("card")}</h3>
          {value.origin === "platform" ? <p class="card-text">{t("silence-card")}</p> : value.intel ? <IndicatorCard intel={value.intel} /> : <RuleCard rule={value.rule_id} />}
        </section>
      </div>
      {ignoring && <IgnoreDialog alert={value} title={title} close={() => setIgnoring(false)} done={alert.reload} />}
      {excepting && <ExceptionFromAlert alert={value} title={title} close={() => setExcepting(false)} done={alert.reload} />}
      {raising && <RaiseDialog alert={value} close={() => setRaising(false)} />}
    </div>
  );
}

/** Why the silence of a device is an alarm, by what was learned of it. */
function Silent({ alert }: { alert: Alert }) {
  const loaded = useLoad((signal) => deviceHealth(alert.device, "7d", signal), alert.device);
  const silence = loaded.value?.silence;
  const last = duration((Date.parse(alert.last) - Date.parse(alert.first)) / 1000);
  return (
    <>
      <h3>{t("why-fired")}</h3>
      <p>{t("silence-alert", { at: exact(alert.first), span: last })}{silence?.usual_percent != null && silence.alert === alert.id && ` ${t("silence-why", { share: `${silence.usual_percent}%` })}`}</p>
      <p><DeviceLink id={alert.device} /></p>
      {silence && <Week week={silence.week} />}
    </>
  );
}

function RuleCard({ rule }: { rule: string }) {
  const loaded = useLoad((signal) => getRule(rule, signal), rule);
  if (loaded.problem) return <p class="muted">{t("card-none")}</p>;
  return loaded.value ? <CardView cards={loaded.value.cards} /> : <Loading />;
}

function RaiseDialog({ alert, close }: { alert: Alert; close: () => void }) {
  return (
    <FormDialog
      title={t("alert-raise")} close={close} action={t("alert-raise")} band={<CustomerBand id={alert.customer} remark />}
      start={{ title: alert.title, severity: alert.severity }}
      fields={[
        { kind: "text", name: "title", label: t("incident-title"), required: true, wide: true, max: 300 },
        { kind: "select", name: "severity", label: t("severity"), options: SEVERITIES.map((value) => ({ value, label: word("severity", value) })) },
      ]}
      submit={async (values) => {
        const incident = await raiseAlert(alert.id, { title: String(values.title).trim(), severity: values.severity as Severity });
        toastDone(t("incident-raised", { number: String(incident.number) }));
        navigate(`/incidents/${incident.id}`);
      }}
    />
  );
}
