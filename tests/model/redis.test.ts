/** The model tests of the four Redis storages: two instances on one server take turns. @module */
import { afterAll, beforeAll } from "bun:test";
import { createClient } from "redis";
import { PriorityRedisExpireStorage, PriorityRedisStorage, RedisExpireStorage, RedisStorage, type Storage } from "../../mod.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { modelTest } from "./suite.ts";

let server: RedisServer;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  server = await startRedis();
  client = createClient({ url: server.url });
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

const STORAGES = { RedisStorage, PriorityRedisStorage, RedisExpireStorage, PriorityRedisExpireStorage };

/** Moves the due times of a queue, so that what is due by the stopped clock is due by that of the server. @returns by how much */
const SHIFT = `
local key, by = 'huey2:{huey}:schedule', tonumber(ARGV[2])
if by == nil then
  local time = redis.call('TIME')
  by = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
end
local entries = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
for i = 1, #entries, 2 do redis.call('ZADD', key, entries[i + 1] + by, entries[i]) end
return string.format('%.0f', by)`;

/**
 * The same storage, whose schedule goes by the clock of the test, and its chords too.
 * @param filled When each chord was filled by that clock, from which the expiry of its callback is counted; for all storages of a server.
 */
function followClock(storage: Storage, filled: Map<string, number>): Storage {
  const [promoteDue, settle] = [storage.promoteDue.bind(storage), storage.settle.bind(storage)];
  const collect = storage.collect.bind(storage);
  storage.settle = async (settlement) => {
    const settled = await settle(settlement);
    if (settled.callback !== undefined) filled.set(settlement.chord!.id, Date.now());
    return settled;
  };
  storage.collect = async (id) => {
    const collected = await collect(id);
    return { ...collected, filledMs: collected.filledMs === undefined ? undefined : filled.get(id) };
  };
  storage.promoteDue = async (limit) => {
    const by = await client.sendCommand(["EVAL", SHIFT, "0", String(Date.now())]);
    try {
      return await promoteDue(limit);
    } finally {
      await client.sendCommand(["EVAL", SHIFT, "0", "0", String(-Number(by))]);
    }
  };
  return storage;
}

for (const [label, Opened] of Object.entries(STORAGES)) {
  modelTest(label, {
    open: async () => {
      await server.command("FLUSHALL");
      const options = { host: server.host, port: server.port };
      const filled = new Map<string, number>();
      return [followClock(new Opened(options), filled), followClock(new Opened(options), filled)];
    },
    close: () => Promise.resolve(),
    priorities: label.startsWith("Priority") ? [-2, 0.5, 7] : [],
    runs: 24,
    steppedTtl: false,
    keepsResults: label.includes("Expire"),
  });
}
