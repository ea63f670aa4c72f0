/** The storage contract on a cluster of three primaries and behind a sentinel. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createCluster, createSentinel } from "redis";
import { StorageError } from "../../lib/errors.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { testStorage } from "../../testing/contract/suite.ts";
import { type RedisServer, type SentinelSet, startCluster, startSentinel, until } from "../redis_server.ts";
import { ALL_CLASSES, CASE_MS, LONG } from "../sizes.ts";

const NEVER = new AbortController().signal;
const OWNER = { consumer: "consumer", worker: "worker" };
const TIME_LIMIT_MS = 120_000;

function newCluster(node: RedisServer) {
  return createCluster({ rootNodes: [{ url: node.url }] }).on("error", () => {});
}

function newSentinel(set: SentinelSet) {
  const { name, sentinel } = set;
  return createSentinel({ name, sentinelRootNodes: [{ host: sentinel.host, port: sentinel.port }] }).on("error", () => {});
}

describe("on a cluster", () => {
  let nodes: readonly RedisServer[];
  let stop: () => Promise<void>;
  let client: ReturnType<typeof newCluster>;

  beforeAll(async () => {
    ({ nodes, stop } = await startCluster());
    client = newCluster(nodes[0]!);
    await client.connect();
  });
  afterAll(async () => {
    client.destroy();
    await stop();
  });

  const classes = LONG ? { PriorityRedisStorage, RedisStorage } : ALL_CLASSES ? { PriorityRedisStorage } : {};
  for (const [label, Opened] of Object.entries(classes)) {
    testStorage(label, ({ name }) => new Opened({ name, client }), { describe, test, expect }, {
      timeoutMs: CASE_MS,
      afterEach: async () => {
        for (const node of nodes) await node.command("FLUSHALL");
      },
    });
  }

  test("queues are on different nodes, and each on one", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `queue ${index}`);
    for (const name of names) {
      const storage = new RedisStorage({ name, client });
      await storage.enqueue([{ id: name, data: new Uint8Array(), priority: 0, track: true }]);
      expect((await storage.claim(1, OWNER)).claims.map(({ id }) => id)).toEqual([name]);
      await storage.close();
    }
    for (const node of nodes) expect(await node.command("DBSIZE")).not.toBe(":0\r\n");
  });

  test("a queue that moves to another node is followed", async () => {
    const storage = new RedisStorage({ name: "moving", client });
    await storage.enqueue([{ id: "a", data: new Uint8Array(), priority: 0, track: true }]);
    const slot = (await nodes[0]!.command("CLUSTER KEYSLOT huey2:{moving}:queue")).slice(1).trim();
    await moveSlot(nodes, slot);
    await storage.enqueue([{ id: "b", data: new Uint8Array(), priority: 0, track: true }]);
    expect((await storage.claim(2, OWNER)).claims.map(({ id }) => id)).toEqual(["a", "b"]);
    await storage.close();
  }, TIME_LIMIT_MS);

  test("whoever waits at the bell leaves the old node", async () => {
    const storage = new RedisStorage({ name: "moving-bell", client });
    await storage.data.put("key", new Uint8Array(1));
    const slot = (await nodes[0]!.command("CLUSTER KEYSLOT huey2:{moving-bell}:queue")).slice(1).trim();
    const found = storage.claimOrWait!(1, OWNER, TIME_LIMIT_MS, NEVER);
    const isBlocked = async (node: RedisServer): Promise<boolean> =>
      (await node.command("INFO clients")).includes("blocked_clients:1");
    await until(async () => (await Promise.all(nodes.map(isBlocked))).some(Boolean));
    const from = (await Promise.all(nodes.map(isBlocked))).indexOf(true);
    await moveSlot(nodes, slot);
    const to = (from + 1) % nodes.length;
    await until(() => isBlocked(nodes[to]!));
    await storage.enqueue([{ id: "a", data: new Uint8Array(), priority: 0, track: true }]);
    expect((await found).claims.map(({ id }) => id)).toEqual(["a"]);
    await storage.close();
  }, TIME_LIMIT_MS);

  test("a cluster that is not connected is told", async () => {
    const closed = newCluster(nodes[0]!);
    const storage = new RedisStorage({ client: closed });
    const reason = await storage.pendingCount().catch((error) => error);
    expect(reason).toBeInstanceOf(StorageError);
    expect(reason.message).toContain("connect()");
    await storage.close();
  });
});

/** Moves a slot with its keys to the next node. */
async function moveSlot(nodes: readonly RedisServer[], slot: string): Promise<void> {
  const ids = await Promise.all(nodes.map(async (node) => (await node.command("CLUSTER MYID")).split("\r\n")[1]!));
  const counts = await Promise.all(nodes.map((node) => node.command(`CLUSTER COUNTKEYSINSLOT ${slot}`)));
  const from = counts.findIndex((count) => count !== ":0\r\n");
  const to = (from + 1) % nodes.length;
  const [source, target] = [nodes[from]!, nodes[to]!];
  await target.command(`CLUSTER SETSLOT ${slot} IMPORTING ${ids[from]}`);
  await source.command(`CLUSTER SETSLOT ${slot} MIGRATING ${ids[to]}`);
  const listing = await source.command(`CLUSTER GETKEYSINSLOT ${slot} 100`);
  const keys = listing.split("\r\n").filter((line) => line.startsWith("huey2:"));
  await source.command(`MIGRATE ${target.host} ${target.port} "" 0 5000 KEYS ${keys.join(" ")}`);
  for (const node of [target, source, ...nodes]) await node.command(`CLUSTER SETSLOT ${slot} NODE ${ids[to]}`);
}

describe("behind a sentinel", () => {
  let set: SentinelSet;
  let client: ReturnType<typeof newSentinel>;

  beforeAll(async () => {
    set = await startSentinel();
    client = newSentinel(set);
    await client.connect();
  });
  afterAll(async () => {
    await client.destroy();
    await set.stop();
  });

  // To whoever calls it is one server, but for the moment when another one takes its place.
  if (LONG) {
    testStorage("RedisStorage", ({ name }) => new RedisStorage({ name, client }), { describe, test, expect }, {
      timeoutMs: CASE_MS,
      afterEach: () => set.primary.command("FLUSHALL"),
    });
  }

  test("a replica that becomes the primary is followed", async () => {
    const storage = new RedisStorage({ name: "failover", client });
    await storage.enqueue([{ id: "a", data: new Uint8Array(), priority: 0, track: true }]);
    await until(async () => (await set.replica.command("EXISTS huey2:{failover}:queue")) === ":1\r\n");
    await set.sentinel.command("SENTINEL SET huey-test down-after-milliseconds 500");
    await set.primary.kill();
    await until(async () => (await set.replica.command("ROLE")).includes("master"));
    await until(async () =>
      await storage.enqueue([{ id: "b", data: new Uint8Array(), priority: 0, track: true }]).then(() => true)
    );
    const { claims } = await storage.claim(10, OWNER);
    expect(claims.map(({ id }) => id)).toEqual(["a", "b"]);
    await storage.close();
  }, TIME_LIMIT_MS);
});
