/** What the scripts keep for requests that are sent again, and the sets of notices. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createClient } from "redis";
import { tail } from "../../storage/redis/records/record.ts";
import { ENQUEUE_ONE } from "../../storage/redis/enqueue.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

let server: RedisServer;
let storage: RedisStorage;

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
  storage = new RedisStorage({ port: server.port, host: server.host });
});
afterEach(async () => {
  await storage.close();
});

async function enqueue(id: string): Promise<void> {
  await storage.enqueue([{ id, data: new Uint8Array([1, 2, 3]), priority: 0, track: true }]);
}

describe("kept replies", () => {
  test("a script that the server does not know yet runs, whatever kind of reply was kept in its place", async () => {
    for (let n = 0; n < 70; n++) await enqueue(String(n));
    await server.command("SCRIPT FLUSH");
    expect(await storage.requeueDeadLetter("unknown", { id: "unknown", data: new Uint8Array(1), priority: 0, track: false }))
      .toBeUndefined();
    expect(await storage.increment("counter", 2)).toBe(2);
    await server.command("SCRIPT FLUSH");
    await enqueue("last");
    expect(await storage.pendingCount()).toBe(71);
  });

  test("what was sent again has no second effect when the server gets round to the first sending later", async () => {
    const item = { id: "a", data: new Uint8Array([1]), priority: 0, track: false };
    const client = createClient({ socket: { host: server.host, port: server.port } });
    await client.on("error", () => {}).connect();
    const send = (number: number, again: "0" | "1"): Promise<unknown> => {
      const args = [
        "EVAL",
        ENQUEUE_ONE.list.text,
        "1",
        "huey2:{huey}:",
        "instance",
        String(number),
        again,
      ];
      return client.sendCommand([...args, tail(item)]).catch((error: Error) => error.message);
    };
    expect(await send(64, "1")).toBe("1");
    expect(await send(64, "1")).toBe("1");
    expect(await send(64, "0")).toContain("sent again");
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["a"]);
    expect(await send(128, "0")).toBe("1");
    expect(await send(64, "0")).toContain("sent again");
    expect(await storage.pendingCount()).toBe(2);
    client.destroy();
  });

  test("few places are used by calls that come one after another", async () => {
    for (let n = 0; n < 70; n++) await enqueue(String(n));
    const keys = await server.command("KEYS *replies:*");
    const key = keys.split(/\s+/).find((part) => part.includes("replies:"))!;
    expect(await server.command(`HLEN ${key}`)).toContain("1");
  });
});

describe("one item at a time", () => {
  test("keeps the order, the priority and the state", async () => {
    await storage.close();
    const ranked = storage = new PriorityRedisStorage({ port: server.port, host: server.host });
    for (const [id, priority] of [["low", 1], ["high", 5], ["second", 5]] as const) {
      await ranked.enqueue([{ id, data: new Uint8Array(), priority, track: id !== "low" }]);
    }
    expect((await ranked.pending()).map(({ id }) => id)).toEqual(["high", "second", "low"]);
    expect((await ranked.state("high"))?.state).toBe("waiting");
    expect(await ranked.state("low")).toBeUndefined();
  });
});
