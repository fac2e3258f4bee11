// The page of one event.
import { eventsUrl, around } from "./query.ts";
import { t } from "../i18n/text.ts";
import { useTitle } from "../shell/title.ts";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { getEvent } from "./api.ts";
import { EventDetail } from "./drawer.tsx";

export function EventPage({ id }: { id: string }) {
  useTitle(t("event"));
  const event = useLoad((signal) => getEvent(id, signal), id);
  const value = event.value;
  return (
    <main id="main" tabIndex={-1} class="page">
      {!value && (event.problem ? <Failure problem={event.problem} retry={event.reload} /> : <Loading />)}
      {value && (
        <>
          <header class="page-head">
            <h1>{t("event")}</h1>
            <a href={eventsUrl({ ...around(value.time, value.time, 5), customer: value.customer, event: value.id })}>{t("events-around")}</a>
          </header>
          <EventDetail event={value} query={{ ...around(value.time, value.time), customer: value.customer }} />
        </>
      )}
    </main>
  );
}
