/** The storage contract on one Redis server, for all four storages. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Storage } from "../../lib/storage.ts";
import {
  PriorityRedisExpireStorage,
  PriorityRedisStorage,
  RedisExpireStorage,
  RedisStorage,
} from "../../storage/redis/front.ts";
import { testStorage } from "../../testing/contract/suite.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { CASE_MS, LONG, onRuntime } from "../sizes.ts";

let server: RedisServer;

const ALL = { RedisStorage, PriorityRedisExpireStorage, PriorityRedisStorage, RedisExpireStorage };
/** In the usual run each runtime has some, with priorities and without, with an expiry of results and without. */
const STORAGES = LONG ? ALL : onRuntime<Partial<typeof ALL>>(
  { RedisStorage, PriorityRedisExpireStorage },
  { PriorityRedisStorage, RedisExpireStorage },
  { PriorityRedisExpireStorage },
);

describe("on one server", () => {
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.stop());

  for (const [label, Opened] of Object.entries(STORAGES)) {
    const open = ({ name }: { name: string }): Storage => new Opened({ name, host: server.host, port: server.port });
    testStorage(label, open, { describe, test, expect }, {
      timeoutMs: CASE_MS,
      resultsStay: label.includes("Expire"),
      afterEach: () => server.command("FLUSHALL"),
    });
  }
});
