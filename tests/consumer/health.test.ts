import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { startRedis } from "../redis_server.ts";
import { Folder, terminated } from "./_folder.ts";
import type { Program } from "./_program.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
  folder.module(
    "app.js",
    `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     export const wait = huey.task({ name: "wait", context: true }, ({ signal }) => {
       console.log("wait begins");
       return new Promise((resolve) => signal.addEventListener("abort", resolve));
     });`,
  );
});
afterEach(() => folder.end());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Where the endpoint of a consumer is, from its log. */
async function endpointOf(program: Program): Promise<string> {
  await program.says("Health at ");
  await program.says("/health");
  return /Health at (http:\/\/\S+)\/health/.exec(program.text)![1]!;
}

async function get(url: string, method = "GET"): Promise<Answer> {
  const response = await fetch(url, { method });
  return { status: response.status, body: await response.json() };
}

/** Asks until the answer has this status. */
async function getUntil(url: string, status: number): Promise<Answer> {
  for (;;) {
    const answer = await get(url);
    if (answer.status === status) return answer;
    await pause(20);
  }
}

for (const type of ["greenlet", "thread", "process"]) {
  describe(`the health endpoint with workers of type ${type}`, () => {
    test("answers until the consumer has stopped", async () => {
      const program = folder.run(["-k", type, "--health-port", "0", "app.js"]);
      const url = await endpointOf(program);
      expect(url.startsWith("http://127.0.0.1:")).toBe(true);
      expect(await get(`${url}/live`)).toEqual({ status: 200, body: { live: true } });
      expect((await getUntil(`${url}/ready`, 200)).body).toEqual({ ready: true });
      // On a busy machine a look may take longer than its second.
      const { body } = await getUntil(`${url}/health`, 200);
      const counts = { waiting: 0, blocked: 0, scheduled: 0, failed: 0, deadLetters: 0 };
      const queue = { queue: "shop", healthy: true, consumers: 1, ...counts, paused: false };
      expect(body).toEqual({ healthy: true, live: true, ready: true, queues: [queue] });
      expect((await get(`${url}/other`)).status).toBe(404);
      expect((await get(`${url}/live`, "POST")).status).toBe(405);
      expect(await terminated(program)).toBe(0);
      await expect(get(`${url}/live`)).rejects.toThrow();
    }, SLOW);
  });
}

describe("the health endpoint", () => {
  test("is live and not ready while the consumer stops", async () => {
    folder.module("call.js", `import { wait } from "./app.js"; export { huey } from "./app.js"; await wait();`);
    const program = folder.run(["-k", "greenlet", "--health-port", "0", "call.js"]);
    const url = await endpointOf(program);
    await program.says("wait begins");
    program.kill("SIGINT");
    expect((await getUntil(`${url}/ready`, 503)).body).toEqual({ ready: false });
    expect((await get(`${url}/live`)).status).toBe(200);
    expect((await get(`${url}/health`)).status).toBe(503);
    program.kill("SIGINT");
    expect((await program.exited).code).toBe(130);
  }, SLOW);

  test("is live and not ready while the storage is down", async () => {
    const redis = await startRedis();
    try {
      folder.module("redis.js", `export const huey = new library.RedisHuey("shop", { url: "${redis.url}" });`);
      const program = folder.run(["-k", "greenlet", "--health-port", "0", "redis.js"]);
      const url = await endpointOf(program);
      await getUntil(`${url}/ready`, 200);
      await redis.kill();
      await getUntil(`${url}/ready`, 503);
      // Redis gives up after some seconds. Where it is, and why it failed, is for the log.
      const reason = async (): Promise<string> => {
        const { body } = await get(`${url}/health`);
        return (body.queues as readonly { readonly reason?: string }[])[0]!.reason!;
      };
      while (!/Health of queue "shop": .*Redis at 127/.test(program.text)) await pause(20, await reason());
      expect(await reason()).toMatch(/^the storage (failed: see the log|did not answer within 1 s)$/);
      expect((await get(`${url}/live`)).status).toBe(200);
      await redis.start();
      await getUntil(`${url}/ready`, 200);
      redis.freeze();
      const frozen = await getUntil(`${url}/health`, 503);
      expect(frozen.body.queues).toMatchObject([{ healthy: false, reason: "the storage did not answer within 1 s" }]);
      redis.thaw();
      await getUntil(`${url}/ready`, 200);
      expect(await terminated(program)).toBe(0);
    } finally {
      await redis.stop();
    }
  }, SLOW);

  test("keeps the consumer from starting where it cannot listen", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const program = folder.run(["--health-port", String(port), "app.js"]);
    expect((await program.exited).code).toBe(1);
    expect(program.text).toContain(`The health endpoint cannot listen at 127.0.0.1, port ${port}: `);
    other.close();
    const wrong = folder.run(["--health-port", "70000", "app.js"]);
    expect((await wrong.exited).code).toBe(2);
    expect(wrong.text).toContain('--health-port must be a whole number, from 0 to 65535: "70000"');
  }, SLOW);

  test("is free for the successor at a restart", async () => {
    const program = folder.run(["--health-port", "0", "app.js"]);
    await endpointOf(program);
    await program.says("Consumer started");
    program.kill("SIGHUP");
    const url = await (async () => {
      await program.says("Restarting");
      const at = program.text.length;
      await endpointOf(program);
      return /Health at (http:\/\/\S+)\/health/.exec(program.text.slice(at))![1]!;
    })();
    await getUntil(`${url}/ready`, 200);
    expect(await terminated(program)).toBe(0);
  }, SLOW);
});
