/** The result store as a key/value store: what a task found last time. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const totals = huey.task("totals", async (sales: number[]) => {
  const before = await huey.get<{ seen: number; sum: number }>("totals", { peek: true }) ?? { seen: 0, sum: 0 };
  const fresh = sales.slice(before.seen);
  const after = { seen: sales.length, sum: before.sum + fresh.reduce((a, b) => a + b, 0) };
  await huey.put("totals", after);
  return `${fresh.length} new, total ${after.sum}`;
});

await using consumer = new Consumer(huey);
await consumer.start();
console.log(await (await totals([5, 7])).get({ blocking: true }));
console.log(await (await totals([5, 7, 8])).get({ blocking: true }));

// Output:
// 2 new, total 12
// 1 new, total 20
