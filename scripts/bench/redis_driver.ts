/**
 * How fast the Redis driver is, beside the raw client in the same run. Starts a server of its own.
 *
 * ```sh
 * bun scripts/bench/redis_driver.ts
 * deno run -A scripts/bench/redis_driver.ts
 * ```
 * @module
 */
import process from "node:process";
import { createClient } from "redis";
import type { Claim, Item } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { startRedis } from "../../tests/redis_server.ts";

const MESSAGE_BYTES = 200;
const OWNER = { consumer: "bench", worker: "one" };
const RESULT = new Uint8Array(20);

type Storage = RedisStorage | PriorityRedisStorage;

const server = await startRedis();
const raw = createClient({ url: server.url });
raw.on("error", (error) => console.error(error));
await raw.connect();
const text = "x".repeat(MESSAGE_BYTES);

await measure("raw LPUSH one by one", 10_000, (count) => oneByOne(count, () => raw.lPush("raw", text)));
await measure("raw LPUSH 500 at a time", 100_000, (count) => manyAtOnce(count, 500, () => raw.lPush("raw", text)));
await measure(
  "raw LPUSH bulk of 1000",
  200_000,
  (count) => oneByOne(count / 1000, () => raw.lPush("raw", Array(1000).fill(text))),
);
await raw.flushAll();

for (const Opened of [RedisStorage, PriorityRedisStorage]) {
  const storage = new Opened({ url: server.url });
  await benchEnqueue(Opened.name, storage);
  await benchConsume(Opened.name, storage, 100, 100_000);
  await benchConsume(Opened.name, storage, 1, 10_000);
  await storage.flush();
  await storage.close();
}
raw.destroy();
await server.stop();
process.exit(0);

async function benchEnqueue(name: string, storage: Storage): Promise<void> {
  const one = (): Promise<unknown> => storage.enqueue([item()]);
  await oneByOne(1000, one);
  await measure(`${name} enqueue one by one`, 10_000, (count) => oneByOne(count, one));
  await measure(`${name} enqueue 500 at a time`, 100_000, (count) => manyAtOnce(count, 500, one));
  await storage.flush();
  await measure(`${name} enqueue bulk of 1000`, 200_000, (count) => {
    return oneByOne(count / 1000, () => storage.enqueue(Array.from({ length: 1000 }, item)));
  });
  await storage.flush();
}

/** A pump as the consumer has it: claims what is free, settles at once. */
async function benchConsume(name: string, storage: Storage, slots: number, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) await storage.enqueue(Array.from({ length: 1000 }, item));
  await measure(`${name} consume at ${slots} slots`, count, async () => {
    let free = slots;
    let done = 0;
    const finished = Promise.withResolvers<void>();
    const settle = async (claim: Claim): Promise<void> => {
      free++;
      await storage.settle({
        claim,
        id: claim.id,
        result: RESULT,
        ending: "complete",
        noticeTtlMs: 60_000,
        dropRevocations: [`r:${claim.id}`],
      });
      if (++done === count) finished.resolve();
    };
    const pump = async (): Promise<void> => {
      while (done < count) {
        const { claims } = await storage.claim(free, OWNER);
        free -= claims.length;
        for (const claim of claims) settle(claim);
      }
    };
    await Promise.all([pump(), finished.promise]);
  });
  await storage.data.flush();
}

function item(): Item {
  return { id: crypto.randomUUID(), data: new Uint8Array(MESSAGE_BYTES), priority: 0, track: true };
}

async function oneByOne(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left--) await call();
}

async function manyAtOnce(count: number, width: number, call: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: width }, () => oneByOne(count / width, call)));
}

/** Per second, and the processor time of one item in the client and in the server, which says more when the machine is busy. */
async function measure(label: string, count: number, run: (count: number) => Promise<void>): Promise<void> {
  const [started, client, served] = [performance.now(), process.cpuUsage(), await serverSeconds()];
  await run(count);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(client);
  const inServer = (await serverSeconds() - served) * 1e6 / count;
  const perItem = `${((user + system) / count).toFixed(1).padStart(7)} + ${inServer.toFixed(1).padStart(5)} µs`;
  console.log(`${label.padEnd(46)} ${Math.round(count / seconds).toLocaleString("en").padStart(10)}/s ${perItem}`);
}

async function serverSeconds(): Promise<number> {
  const told = [...(await raw.info("cpu")).matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)];
  return told.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}
