// Words and figures that lists and hunts share.
import type { Feed, RetroHunt } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { CustomerMark } from "../ui/badge.tsx";

export const TLPS = ["clear", "green", "amber", "amber_strict", "red"];
export const KINDS = ["address", "cidr", "domain", "url", "hash", "mail"];
export const PURPOSES = ["alarm", "hunt", "warning"];

/** Whom a list or a hunt is about. */
export function Whose({ customers }: { customers?: string[] | null }) {
  if (!customers) return <span class="muted">{t("all-customers")}</span>;
  const [first, ...more] = customers;
  return <>{first ? <CustomerMark id={first} /> : t("none")}{more.length > 0 && <span class="muted"> {t("intel-and-more", { count: more.length })}</span>}</>;
}

/** How a feed's fetches go. */
export function FeedMark({ feed }: { feed: Feed }) {
  return <span class={`state-mark feed-${feed.state}`} title={feed.error ?? undefined}><i aria-hidden="true" />{word("feed-state", feed.state)}</span>;
}

/** What has become of a hunt, with how far it is while it runs. */
export function HuntMark({ hunt }: { hunt: RetroHunt }) {
  const { files, looked, to_read: toRead, read } = hunt.progress;
  const running = hunt.state === "running";
  const looking = looked < files;
  return (
    <span class="hunt-mark">
      <span class={`state-mark hunt-${hunt.state}`}><i aria-hidden="true" />{word("retro-hunt-state", hunt.state)}</span>
      {running && (
        <span class="muted">
          <meter min={0} max={Math.max(1, looking ? files : toRead)} value={looking ? looked : read} aria-label={t("retro-hunt-progress")} />{" "}
          {t(looking ? "retro-hunt-looking" : "retro-hunt-reading", { done: number(looking ? looked : read), all: number(looking ? files : toRead) })}
        </span>
      )}
    </span>
  );
}
