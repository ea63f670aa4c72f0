/** The storage contract on one Redis server, for all four storages. */
import { afterAll, beforeAll, describe } from "bun:test";
import type { Storage } from "../../lib/storage.ts";
import {
  PriorityRedisExpireStorage,
  PriorityRedisStorage,
  RedisExpireStorage,
  RedisStorage,
} from "../../storage/redis/front.ts";
import { storageContract } from "../contract/suite.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

let server: RedisServer;

const STORAGES = { RedisStorage, PriorityRedisStorage, RedisExpireStorage, PriorityRedisExpireStorage };

describe("on one server", () => {
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.stop());

  for (const [label, Opened] of Object.entries(STORAGES)) {
    storageContract(label, {
      resultsStay: label.includes("Expire"),
      realTimeTtl: true,
      priorities: label.startsWith("Priority") ? "any" : "none",
      newStore: async () => {
        await server.command("FLUSHALL");
        return { open: (name = "contract"): Storage => new Opened({ name, host: server.host, port: server.port }) };
      },
    });
  }
});
