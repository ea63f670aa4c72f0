/** The model tests of the four Redis storages: two instances on one server take turns. @module */
import { afterAll, beforeAll } from "bun:test";
import { PriorityRedisExpireStorage, PriorityRedisStorage, RedisExpireStorage, RedisStorage } from "../../mod.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { modelTest } from "./suite.ts";

let server: RedisServer;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());

const STORAGES = { RedisStorage, PriorityRedisStorage, RedisExpireStorage, PriorityRedisExpireStorage };

for (const [label, Opened] of Object.entries(STORAGES)) {
  modelTest(label, {
    open: async () => {
      await server.command("FLUSHALL");
      const options = { host: server.host, port: server.port };
      return [new Opened(options), new Opened(options)];
    },
    close: () => Promise.resolve(),
    priorities: label.startsWith("Priority") ? [-2, 0.5, 7] : [],
    runs: 40,
    steppedTtl: false,
    keepsResults: label.includes("Expire"),
  });
}
