/** Waiting at the bell: the claim that stands behind the blocking read, and what becomes of it when nobody waits any more. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createClient } from "redis";
import type { Item } from "../../lib/storage.ts";
import { ClaimRequest } from "../../storage/redis/records/claim.ts";
import type { Argument } from "../../storage/redis/connection/dial.ts";
import { CLAIM } from "../../storage/redis/claiming.ts";
import { RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

const NEVER = new AbortController().signal;
const OWNER = { consumer: "c", worker: "w" };
const LONG_MS = 60_000;

const LIMIT_MS = 60_000;

let server: RedisServer;
let admin: ReturnType<typeof createClient>;
let waiting: RedisStorage;
let other: RedisStorage;

beforeAll(async () => {
  server = await startRedis();
  admin = await connect();
});
afterAll(async () => {
  admin.destroy();
  await server.stop();
});
beforeEach(async () => {
  await server.command("FLUSHALL");
  waiting = open();
  other = open();
});
afterEach(async () => {
  await waiting.close();
  await other.close();
});

async function connect(): Promise<ReturnType<typeof createClient>> {
  const client = createClient({ socket: { host: server.host, port: server.port } });
  await client.on("error", () => {}).connect();
  return client as ReturnType<typeof createClient>;
}

function open(): RedisStorage {
  return new RedisStorage({ port: server.port, host: server.host, readTimeout: 30 });
}

function item(id: string): Item {
  return { id, data: new Uint8Array([1]), priority: 0, track: true };
}

async function untilBlocked(count: number): Promise<void> {
  while (!(await admin.info("clients")).includes(`blocked_clients:${count}`));
}

describe("waiting at the bell", () => {
  test("the server claims as soon as the bell rings, without being asked again", async () => {
    const found = waiting.claimOrWait!(2, OWNER, LONG_MS, NEVER);
    await untilBlocked(1);
    await other.enqueue([item("a")]);
    expect(await other.pendingCount()).toBe(0);
    expect((await found).claims.map(({ id }) => id)).toEqual(["a"]);
  }, LIMIT_MS);

  test("several that wait get one item each", async () => {
    const more = open();
    const found = [waiting, waiting, more].map((storage) => storage.claimOrWait!(1, OWNER, LONG_MS, NEVER));
    await untilBlocked(2);
    await other.enqueue(["a", "b", "c"].map(item));
    const ids = (await Promise.all(found)).map(({ claims }) => claims.map(({ id }) => id).join());
    expect(ids.sort()).toEqual(["a", "b", "c"]);
    await more.close();
  }, LIMIT_MS);

  test("a connection that is lost meanwhile comes back", async () => {
    const found = waiting.claimOrWait!(1, OWNER, LONG_MS, NEVER);
    await untilBlocked(1);
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await untilBlocked(1);
    await other.enqueue([item("a")]);
    expect((await found).claims.map(({ id }) => id)).toEqual(["a"]);
  }, LIMIT_MS);

  test("a script that the server has forgotten meanwhile is sent in full", async () => {
    const found = waiting.claimOrWait!(1, OWNER, LONG_MS, NEVER);
    await untilBlocked(1);
    await server.command("SCRIPT FLUSH");
    await other.enqueue([item("a")]);
    expect((await found).claims.map(({ id }) => id)).toEqual(["a"]);
  }, LIMIT_MS);

  test("a close that races an item loses nothing", async () => {
    for (let round = 0; round < 10; round++) {
      const storage = open();
      const found = storage.claimOrWait!(1, OWNER, LONG_MS, NEVER);
      await untilBlocked(1);
      const enqueued = other.enqueue([item(`a${round}`)]);
      if (round % 2) await enqueued;
      await storage.close();
      await enqueued;
      const { claims } = await found;
      expect([...claims, ...await other.pending()].map(({ id }) => id)).toEqual([`a${round}`]);
      await other.flush();
    }
  }, LIMIT_MS);
});

describe("a request that was sent again", () => {
  const send = async (request: ClaimRequest, args: readonly Argument[]): Promise<string[]> => {
    const call = ["EVAL", CLAIM.list.text, "1", "huey2:{huey}:", ...args];
    const reply = await admin.sendCommand(call, { typeMapping: { ["$".charCodeAt(0)]: Buffer } });
    return request.batch(reply).claims.map(({ id }) => id);
  };

  test("is over for its first sending, which the server may get round to later", async () => {
    const request = new ClaimRequest("lost.1", OWNER);
    await other.enqueue([item("a"), item("b")]);
    expect(await send(request, request.args(false, 1))).toEqual(["a"]);
    expect(await send(request, request.args(true, 0))).toEqual(["a"]);
    expect(await send(request, request.args(false, 1))).toEqual([]);
    expect(await other.pendingCount()).toBe(1);
  }, LIMIT_MS);

  test("is over for all earlier sendings, and says that there is work if it takes none", async () => {
    const request = new ClaimRequest("lost.2", OWNER);
    const earlier = [request.args(false, 1), request.args(true, 1)];
    await other.enqueue([item("a"), item("b")]);
    await server.command("DEL huey2:{huey}:bell");
    expect(await send(request, request.args(true, 0))).toEqual([]);
    expect(await server.command("EXISTS huey2:{huey}:bell")).toContain(":1");
    for (const args of earlier) expect(await send(request, args)).toEqual([]);
    expect(await other.pendingCount()).toBe(2);
  }, LIMIT_MS);
});
