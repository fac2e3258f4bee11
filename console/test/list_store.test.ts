// What the list store promises to somebody who is looking at a list.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../src/api/problem.ts";
import { ListStore } from "../src/ui/list_store.ts";

interface Row { id: string; text: string; open: boolean }

/** A server that holds rows, the newest first, and gives pages of three. */
class Server {
  rows: Row[];
  failing = false;
  asked: string[] = [];

  constructor(ids: string[]) {
    this.rows = ids.map((id) => ({ id, text: "", open: true }));
  }

  source() {
    return {
      id: (row: Row) => row.id,
      belongs: (row: Row) => row.open,
      page: async (after: string | undefined) => {
        if (this.failing) throw new Problem("unreachable", 0, "");
        const open = this.rows.filter((row) => row.open);
        const from = after ? open.findIndex((row) => row.id === after) + 1 : 0;
        const items = open.slice(from, from + 3).map((row) => ({ ...row }));
        return { items, next: from + 3 < open.length ? items.at(-1)?.id ?? null : null };
      },
      one: async (id: string) => {
        this.asked.push(id);
        const row = this.rows.find((one) => one.id === id);
        if (!row) throw new Problem("not_found", 404, "");
        return { ...row };
      },
    };
  }
}

const ids = (store: ListStore<Row>) => store.entries.map((entry) => entry.id).join("");

test("pages follow each other to a visible end", async () => {
  const store = new ListStore(new Server([..."gfedcba"]).source());
  await store.load();
  assert.equal(ids(store), "gfe");
  await store.more();
  await store.more();
  assert.equal(ids(store), "gfedcba");
  assert.equal(store.next, null);
  await store.more();
  assert.equal(ids(store), "gfedcba");
});

test("new rows wait while somebody looks, and go on top when asked for", async () => {
  const server = new Server([..."cba"]);
  const store = new ListStore(server.source());
  await store.load();
  server.rows.unshift({ id: "d", text: "", open: true });
  store.note("d");
  await store.refresh(() => false);
  assert.equal(ids(store), "cba");
  assert.deepEqual(store.fresh.map((row) => row.id), ["d"]);
  store.takeFresh();
  assert.equal(ids(store), "dcba");
  assert.deepEqual(store.fresh, []);
});

test("a changed row is replaced where it stands, also beyond the first page", async () => {
  const server = new Server([..."fedcba"]);
  const store = new ListStore(server.source());
  await store.load();
  await store.more();
  server.rows.find((row) => row.id === "a")!.text = "changed";
  store.note("a");
  await store.refresh(() => true);
  assert.equal(ids(store), "fedcba");
  assert.equal(store.entries.at(-1)?.row.text, "changed");
  assert.deepEqual(server.asked, ["a"]);
});

test("a row that no longer belongs stays in its place, marked, until the list is taken anew", async () => {
  const server = new Server([..."cba"]);
  const store = new ListStore(server.source());
  await store.load();
  server.rows.find((row) => row.id === "b")!.open = false;
  store.note("b");
  await store.refresh(() => false);
  assert.equal(ids(store), "cba");
  assert.deepEqual(store.entries.map((entry) => entry.left), [false, true, false]);
  store.takeFresh();
  assert.equal(ids(store), "ca");
});

test("a deleted row is marked as gone", async () => {
  const server = new Server([..."cba"]);
  const store = new ListStore(server.source());
  await store.load();
  server.rows = server.rows.filter((row) => row.id !== "b");
  store.note("b");
  await store.refresh(() => false);
  assert.deepEqual(store.entries.map((entry) => entry.left), [false, true, false]);
});

test("a failed refresh keeps what is shown and says so; the next one recovers", async () => {
  const server = new Server([..."cba"]);
  const store = new ListStore(server.source());
  await store.load();
  server.failing = true;
  await store.refresh(() => true);
  assert.equal(ids(store), "cba");
  assert.equal(store.problem?.code, "unreachable");
  server.failing = false;
  await store.refresh(() => true);
  assert.equal(store.problem, null);
});

test("changes that come while a page is read are not lost", async () => {
  const server = new Server([..."edcba"]);
  const store = new ListStore(server.source());
  await store.load();
  await store.more();
  const running = store.refresh(() => true);
  server.rows.find((row) => row.id === "a")!.text = "late";
  store.note("a");
  await running;
  await store.refresh(() => true);
  assert.equal(store.entries.find((entry) => entry.id === "a")?.row.text, "late");
});
