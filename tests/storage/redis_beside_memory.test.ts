/** What is held back and let go in Redis, beside memory. @module */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import process from "node:process";
import type { Storage } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { HeldBackHistory } from "./_held_back.ts";
import { limitMs, size } from "../sizes.ts";

const STEPS = 400;
const SEEDS = size(2, 30);
const FIRST_SEED = Number(process.env["HUEY_HISTORY_SEED"] ?? Math.floor(Math.random() * 2 ** 30));

let server: RedisServer;
let opened: Storage[] = [];
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
afterEach(async () => {
  for (const storage of opened) await storage.close();
  opened = [];
  await server.command("FLUSHALL");
});

for (const [Opened, priorities] of [[RedisStorage, [0]], [PriorityRedisStorage, [0, 0, 3, -1]]] as const) {
  describe(Opened.name, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      test(`a history beside memory (HUEY_HISTORY_SEED=${seed})`, async () => {
        opened = [0, 1].map(() => new Opened({ host: server.host, port: server.port }));
        const history = new HeldBackHistory(opened, seed, priorities);
        for (let step = 0; step < STEPS; step++) await history.step();
        await opened[0]!.flush();
        await Promise.all(opened.map((storage) => storage.close()));
        // The last numbers stay, so that no old token fits a new claim; replies to what was sent again stay a while.
        const keys = (await server.command("KEYS *")).split(/\s+/).filter((key) => key.startsWith("huey2:"));
        expect(keys.map((key) => key.replace("huey2:{huey}:", "")).filter((key) => !/^(numbers|recovered)$/.test(key))).toEqual(
          [],
        );
      }, limitMs(120_000));
    }
  });
}
