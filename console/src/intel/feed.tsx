// The page of one feed: how its fetches go, what it holds, what has come of it.
import { useState } from "preact/hooks";

import type { Feed } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { deleteFeed, fetchFeed, getFeed, unreadLines } from "./api.ts";
import { FeedDialog } from "./feeds.tsx";
import { FeedMark, Whose } from "./marks.tsx";
import { ListHits } from "./suppressed.tsx";
import { Hunts } from "./page.tsx";
import { Unread } from "./upload.tsx";

export function FeedPage({ id }: { id: string }) {
  const { me } = useShell();
  const loaded = useLoad((signal) => getFeed(id, signal), id);
  const may = useMay("intel.write");
  const [asking, setAsking] = useState<"edit" | "delete" | null>(null);
  useChanges((change) => change.id === id, loaded.reload);
  const feed = loaded.value;
  if (!feed) return <Page title={t("feed")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const own = may && (Boolean(feed.customers) || me.user.all_customers);
  const fetchNow = () => fetchFeed(id).then((value) => { loaded.set(value); toastDone(t("feed-asked")); }, toastProblem);
  const erase = () => deleteFeed(id).then(() => navigate("/intel?tab=feeds"), toastProblem);
  return (
    <Page
      title={feed.name} lead={<><span class="tag">{word("feed-kind", feed.kind)}</span> <span class={`tag tlp-${feed.tlp}`}>{word("tlp", feed.tlp)}</span></>}
      actions={
        <>
          {own && feed.enabled && <button class="button primary" onClick={() => void fetchNow()}>{t("feed-fetch")}</button>}
          <a class="button" href={`/intel/${feed.list}`}>{t("intel-show")}</a>
          {own && <button class="button" onClick={() => setAsking("edit")}>{t("edit")}</button>}
          {own && <button class="button danger" onClick={() => setAsking("delete")}>{t("delete")}</button>}
        </>
      }
    >
      <p class="line"><FeedMark feed={feed} /></p>
      {feed.error && <p class="note" role="alert">{feed.error}</p>}
      <Facts feed={feed} />
      <ListHits list={feed.list} />
      <section class="intel-hunts"><h2>{t("retro-hunts")}</h2><Hunts list={feed.list} /></section>
      <NotRead feed={feed} />
      {asking === "edit" && <FeedDialog feed={feed} close={() => setAsking(null)} done={loaded.set} />}
      {asking === "delete" && <Confirm title={t("feed-delete")} text={t("feed-delete-text", { name: feed.name })} action={t("delete")} danger run={() => void erase()} close={() => setAsking(null)} />}
    </Page>
  );
}

function Facts({ feed }: { feed: Feed }) {
  const { counts } = feed;
  return (
    <dl class="facts across">
      <div><dt>{t("intel-indicators")}</dt><dd>{number(counts.total)}</dd></div>
      <div><dt>{t("feed-new")}</dt><dd>{number(counts.new)}</dd></div>
      <div><dt>{t("feed-changed")}</dt><dd>{number(counts.changed)}</dd></div>
      <div><dt>{t("feed-gone")}</dt><dd>{number(counts.gone)}</dd></div>
      <div><dt>{t("intel-unread")}</dt><dd>{number(counts.unread)}</dd></div>
      <div><dt>{t("feed-fetched")}</dt><dd>{feed.fetched ? <Time at={feed.fetched} /> : t("never")}</dd></div>
      <div><dt>{t("feed-next")}</dt><dd>{feed.next ? exact(feed.next) : t("never")}</dd></div>
      <div><dt>{t("feed-interval")}</dt><dd>{number(feed.interval_minutes)}</dd></div>
      <div><dt>{t("feed-expire")}</dt><dd>{feed.expire_days ? number(feed.expire_days) : t("never")}</dd></div>
      <div><dt>{t("intel-confidence")}</dt><dd>{number(feed.confidence)}</dd></div>
      <div><dt>{t("intel-purpose")}</dt><dd>{word("intel-purpose", feed.purpose)}</dd></div>
      <div><dt>{t("customer")}</dt><dd><Whose customers={feed.customers} /></dd></div>
      <div><dt>{t("feed-url")}</dt><dd class="mono">{feed.url}{feed.collection && ` · ${feed.collection}`}</dd></div>
    </dl>
  );
}

/** What of the last fetch gave no indicator. */
function NotRead({ feed }: { feed: Feed }) {
  const unread = useLoad((signal) => unreadLines(feed.list, signal), `${feed.list} ${feed.changed ?? ""}`);
  const lines = unread.value?.items ?? [];
  if (lines.length === 0) return null;
  return <section><h2>{t("intel-unread")}</h2><Unread lines={lines} all={feed.counts.unread} /></section>;
}
