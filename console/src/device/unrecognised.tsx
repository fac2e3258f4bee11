// The newest records of a device that no source recognised, and the way to the parser editor.
import type { DeviceView } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { ofFilter } from "../event/language.ts";
import { eventsUrl } from "../event/query.ts";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { deviceUnrecognised } from "./api.ts";

export function Unrecognised({ device }: { device: DeviceView }) {
  const loaded = useLoad((signal) => deviceUnrecognised(device.id, signal), device.id);
  const items = loaded.value?.items;
  if (!items) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  return (
    <section>
      <header class="section-head">
        <h2>{t("unrecognised-title")}</h2>
        <a class="button" href={eventsUrl({ customer: device.customer, device: device.id, last: "7d", query: ofFilter("source", "is", "unparsed") })}>{t("unrecognised-all")}</a>
        <a class="button primary" href={`/parsers/new?device=${device.id}`}>{t("parser-open-with")}</a>
      </header>
      {items.length === 0 && <p class="muted">{t("unrecognised-none")}</p>}
      {items.length > 0 && (
        <table class="plain">
          <thead><tr><th scope="col">{t("event-received")}</th><th scope="col">{t("parser-kept-as")}</th><th scope="col">{t("event-raw")}</th></tr></thead>
          <tbody>
            {items.map((event) => (
              <tr key={event.id}>
                <td><a href={`/events/${event.id}`}>{moment(event.received)}</a></td>
                <td><SourceName id={event.source} /></td>
                <td class="mono">{event.raw.length > 600 ? `${event.raw.slice(0, 600)}…` : event.raw}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
