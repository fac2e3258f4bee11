// The change feed: one event stream for all tabs of this browser, because browsers allow six connections to a server.
//
// The tab that holds the lock has the stream and passes changes on to the others; when it closes, another takes over.
// Where locks are not available (plain HTTP on a real host name), each tab has its own stream.
import { get } from "./client.ts";
import type { Change } from "./types.ts";

export type LiveState = "connecting" | "live" | "stale";
type Message = { kind: "change"; change: Change } | { kind: "state"; state: LiveState } | { kind: "ask" } | { kind: "resync" };

const RETRY_MS = 4000;

export class Live {
  state: LiveState = "connecting";
  staleSince: Date | null = null;
  private readonly changeListeners = new Set<(change: Change) => void>();
  private readonly stateListeners = new Set<(state: LiveState) => void>();
  private readonly resyncListeners = new Set<() => void>();
  private readonly channel: BroadcastChannel;
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly abort = new AbortController();
  private release: () => void = () => {};

  constructor(user: string) {
    const name = `vedette-live-${user}`;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (message: MessageEvent<Message>) => this.hear(message.data);
    if (navigator.locks) {
      this.channel.postMessage({ kind: "ask" } satisfies Message);
      navigator.locks
        .request(name, { signal: this.abort.signal }, () => {
          this.open();
          return new Promise<void>((resolve) => (this.release = resolve));
        })
        .catch(() => {});
    } else {
      this.open();
    }
  }

  onChange(listener: (change: Change) => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  onState(listener: (state: LiveState) => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  /** Called when changes may have been missed: what is shown must be read again. */
  onResync(listener: () => void): () => void {
    this.resyncListeners.add(listener);
    return () => this.resyncListeners.delete(listener);
  }

  close(): void {
    this.abort.abort();
    this.release();
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.channel.close();
  }

  private open(): void {
    const source = new EventSource("/api/v1/changes");
    this.source = source;
    const alive = () => {
      const missed = this.state === "stale";
      this.tell({ kind: "state", state: "live" });
      if (missed) this.tell({ kind: "resync" });
    };
    source.addEventListener("open", alive);
    source.addEventListener("hello", alive);
    source.addEventListener("change", (event: MessageEvent<string>) => {
      this.tell({ kind: "change", change: JSON.parse(event.data) as Change });
    });
    source.addEventListener("error", () => {
      this.tell({ kind: "state", state: "stale" });
      if (source.readyState !== EventSource.CLOSED) return;
      // A stream that is refused for good usually means that nobody is signed in any more: asking makes that known.
      get("/session").catch(() => {});
      this.timer = setTimeout(() => this.source === source && this.open(), RETRY_MS);
    });
  }

  private tell(message: Message): void {
    this.channel.postMessage(message);
    this.take(message);
  }

  private hear(message: Message): void {
    if (message.kind === "ask") {
      if (this.source) this.channel.postMessage({ kind: "state", state: this.state } satisfies Message);
    } else if (!this.source) {
      this.take(message);
    }
  }

  private take(message: Message): void {
    if (message.kind === "change") {
      for (const listener of this.changeListeners) listener(message.change);
    } else if (message.kind === "resync") {
      for (const listener of this.resyncListeners) listener();
    } else if (message.kind === "state" && message.state !== this.state) {
      this.state = message.state;
      this.staleSince = message.state === "stale" ? new Date() : null;
      for (const listener of this.stateListeners) listener(message.state);
    }
  }
}
