/** One task at a time for each tenant; the others wait without a worker. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const running = new Map<string, number>();
let most = 0;
const sync = huey.task(
  { name: "sync", concurrency: { limit: 1, key: (tenant) => tenant } },
  async (tenant: string, page: number) => {
    running.set(tenant, (running.get(tenant) ?? 0) + 1);
    most = Math.max(most, running.get(tenant)!);
    await Promise.resolve();
    running.set(tenant, running.get(tenant)! - 1);
    return `${tenant}${page}`;
  },
);

const results = await sync.map([["a", 1], ["a", 2], ["a", 3], ["b", 1]]);
console.log("waiting:", await huey.pendingCount(), "blocked:", await huey.blockedCount());

await using consumer = new Consumer(huey, { workers: 10 });
await consumer.start();
console.log((await results.get({ blocking: true })).join(" "));
console.log("at most at once for a tenant:", most);

// Output:
// waiting: 2 blocked: 2
// a1 a2 a3 b1
// at most at once for a tenant: 1
