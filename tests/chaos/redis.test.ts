import { afterAll, beforeAll, describe } from "bun:test";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { failureKillTest } from "./failures.ts";
import { gateKillTest } from "./gates.ts";
import { killTest, LONG } from "./kill.ts";
import { stepKillTest } from "./steps.ts";

let server: RedisServer;

/** The one that has neither priorities nor an expiry of results; another one has the test of the gates, the rest is for the long run. */
function isKilled(huey: string): boolean {
  return huey === "RedisHuey" || LONG;
}

describe("Redis", () => {
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  for (const huey of ["RedisHuey", "PriorityRedisHuey", "RedisExpireHuey", "PriorityRedisExpireHuey"]) {
    const isThreaded = huey === "RedisHuey" && LONG;
    const workers = isThreaded ? ["-k", "thread", "-w", "2"] : ["-k", "greenlet", "-w", "10"];
    if (isKilled(huey)) killTest(`${huey}, ${workers[1]}`, () => ({ huey, options: { url: server.url } }), workers);
    if (huey !== "PriorityRedisHuey") continue;
    gateKillTest(huey, () => ({ huey, options: { url: server.url } }), workers);
    if (!LONG) continue;
    failureKillTest(huey, () => ({ huey, options: { url: server.url } }), workers);
    stepKillTest(huey, () => ({ huey, options: { url: server.url } }), workers);
  }
});
