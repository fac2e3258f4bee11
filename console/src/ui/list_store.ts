// A list read page by page and kept current by changes, without ever moving what somebody is looking at.
//
// Known rows are replaced in place. Rows that are new wait in `fresh` until they may be put on top. Rows that no longer
// belong to the list stay, marked as `left`, until then.
import { type Problem, asProblem } from "../api/problem.ts";
import type { Page } from "../api/types.ts";

export interface Source<T> {
  page: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  /** One row again; absent where rows never change. */
  one?: (id: string, signal: AbortSignal) => Promise<T>;
  /** Whether a row still belongs to the list; absent means always. */
  belongs?: (row: T) => boolean;
  id: (row: T) => string;
}

export interface Entry<T> { id: string; row: T; left: boolean }

/** How many changed rows outside the first page are read again at once; more wait for the next round. */
const SINGLES = 20;

export class ListStore<T> {
  entries: Entry<T>[] = [];
  fresh: T[] = [];
  next: string | null = null;
  /** Nothing read yet. */
  loading = true;
  loadingMore = false;
  problem: Problem | null = null;
  private readonly source: Source<T>;
  private readonly abort = new AbortController();
  private readonly listeners = new Set<() => void>();
  private changed = new Set<string>();
  private refreshing = false;

  constructor(source: Source<T>) {
    this.source = source;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.abort.abort();
    this.listeners.clear();
  }

  /** Reads the first page and forgets the rest. */
  async load(): Promise<void> {
    await this.attempt(async () => {
      const page = await this.source.page(undefined, this.abort.signal);
      this.entries = page.items.map((row) => this.entry(row));
      this.next = page.next ?? null;
      this.fresh = [];
    });
    this.loading = false;
    this.notify();
  }

  /** Reads the next page. */
  async more(): Promise<void> {
    if (this.loadingMore || this.loading || !this.next) return;
    this.loadingMore = true;
    this.notify();
    await this.attempt(async () => {
      const page = await this.source.page(this.next ?? undefined, this.abort.signal);
      const known = new Set(this.entries.map((entry) => entry.id));
      this.entries = [...this.entries, ...page.items.map((row) => this.entry(row)).filter((entry) => !known.has(entry.id))];
      this.next = page.next ?? null;
    });
    this.loadingMore = false;
    this.notify();
  }

  /** Notes that a row changed or appeared; `refresh` acts on it. */
  note(id: string): void {
    this.changed.add(id);
  }

  /** Reads the first page and noted rows again; what is new goes on top only if `mayInsert` says so then. */
  async refresh(mayInsert: () => boolean): Promise<void> {
    if (this.refreshing || this.loading) return;
    this.refreshing = true;
    const noted = this.changed;
    this.changed = new Set();
    await this.attempt(async () => {
      const page = await this.source.page(undefined, this.abort.signal);
      const head = new Map(page.items.map((row) => [this.source.id(row), row]));
      const singles = await this.readSingles(noted, head);
      const known = new Set(this.entries.map((entry) => entry.id));
      this.entries = this.entries.map((entry) => {
        const row = head.get(entry.id) ?? singles.get(entry.id);
        return row === undefined ? entry : row === null ? { ...entry, left: true } : this.entry(row);
      });
      this.fresh = page.items.filter((row) => !known.has(this.source.id(row)));
      if (this.entries.length === 0) this.next = page.next ?? null;
    });
    this.refreshing = false;
    if (mayInsert()) this.takeFresh();
    else this.notify();
  }

  /** Takes rows that came by themselves, newest first; of more than `most` the oldest go. */
  arrive(rows: T[], most: number, mayInsert: boolean): void {
    const known = new Set([...this.fresh.map((row) => this.source.id(row)), ...this.entries.slice(0, most).map((entry) => entry.id)]);
    this.fresh = [...rows.filter((row) => !known.has(this.source.id(row))), ...this.fresh].slice(0, most);
    if (mayInsert) this.takeFresh();
    else this.notify();
    this.entries = this.entries.slice(0, most);
  }

  /** Puts what is new on top and lets go of what has left. */
  takeFresh(): void {
    const fresh = this.fresh.map((row) => this.entry(row));
    this.entries = [...fresh, ...this.entries.filter((entry) => !entry.left)];
    this.fresh = [];
    this.notify();
  }

  /** Shows a row as it is after one's own change, before the stream tells. */
  put(row: T): void {
    this.entries = this.entries.map((entry) => (entry.id === this.source.id(row) ? this.entry(row) : entry));
    this.notify();
  }

  private entry(row: T): Entry<T> {
    return { id: this.source.id(row), row, left: !(this.source.belongs?.(row) ?? true) };
  }

  private async readSingles(noted: Set<string>, head: Map<string, T>): Promise<Map<string, T | null>> {
    const found = new Map<string, T | null>();
    const { one } = this.source;
    if (!one) return found;
    const wanted = this.entries.filter((entry) => noted.has(entry.id) && !head.has(entry.id)).map((entry) => entry.id);
    for (const id of wanted.slice(SINGLES)) this.changed.add(id);
    await Promise.all(wanted.slice(0, SINGLES).map(async (id) => {
      try {
        found.set(id, await one(id, this.abort.signal));
      } catch (error) {
        if (asProblem(error).code === "not_found") found.set(id, null);
        else this.changed.add(id);
      }
    }));
    return found;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = null;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code !== "aborted") this.problem = problem;
    }
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
