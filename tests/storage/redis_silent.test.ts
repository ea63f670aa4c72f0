/** A server that stands still: calls reject, however busy the client is, and everything goes on when it answers again. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Item } from "../../lib/storage.ts";
import { RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";

const NEVER = new AbortController().signal;
const OWNER = { consumer: "c", worker: "w" };
const LIMIT_MS = 120_000;

let server: RedisServer;
let opened: RedisStorage[] = [];

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
afterEach(async () => {
  server.thaw();
  await Promise.all(opened.map((storage) => storage.close()));
  opened = [];
});

function open(): RedisStorage {
  const storage = new RedisStorage({ port: server.port, host: server.host });
  opened.push(storage);
  return storage;
}

function item(id: string): Item {
  return { id, data: new Uint8Array([1]), priority: 0, track: true };
}

test("calls of a busy client reject, say why, and work again by themselves", async () => {
  const storage = open();
  await storage.flush();
  await storage.enqueue([item("a")]);
  server.freeze();
  const failures: unknown[] = [];
  let sent = 0;
  // More and more is written, which keeps a socket from being idle.
  const writing = setInterval(() => {
    sent++;
    storage.data.put("key", new Uint8Array(1000)).catch((error) => failures.push(error));
  }, 100);
  await until(() => Promise.resolve(failures.length > 0));
  clearInterval(writing);
  expect(failures[0]).toBeInstanceOf(StorageError);
  expect((failures[0] as StorageError).permanent).toBe(false);
  expect((failures[0] as StorageError).message).toContain("has not answered");
  expect(sent).toBeGreaterThan(1);
  server.thaw();
  await until(() => storage.pendingCount().then((count) => count === 1));
}, LIMIT_MS);

test("whoever waits for work is told, and finds it when the server is back", async () => {
  const storage = open();
  await storage.flush();
  const waiting = storage.claimOrWait!(1, OWNER, LIMIT_MS, NEVER).catch((error) => error);
  await until(async () => (await server.command("INFO clients")).includes("blocked_clients:1"));
  server.freeze();
  expect(await waiting).toBeInstanceOf(StorageError);
  server.thaw();
  const again = open();
  await until(() => again.enqueue([item("a")]).then(() => true));
  await until(async () => (await storage.claimOrWait!(1, OWNER, 1000, NEVER)).claims.length === 1);
}, LIMIT_MS);

test("a client that connects meanwhile is told too, and connects later", async () => {
  server.freeze();
  const storage = open();
  expect(await storage.pendingCount().catch((error) => error)).toBeInstanceOf(StorageError);
  server.thaw();
  await until(() => storage.pendingCount().then(() => true));
}, LIMIT_MS);

test("whoever listens hears again, although nothing ended the connection", async () => {
  const storage = open();
  const other = open();
  await storage.flush();
  let rings = 0;
  const stop = await storage.listen("revocations", () => rings++);
  server.freeze();
  await until(() => storage.pendingCount().then(() => false, () => true));
  server.thaw();
  await until(() => other.revocations.put("r:a", new Uint8Array([1])).then(() => rings > 0));
  stop();
}, LIMIT_MS);
