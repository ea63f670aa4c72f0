/** Waiting for a slow task: a limit for the wait, and no limit. */
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, MemoryHuey, ResultTimeout } from "@hueyjs/huey";

const huey = new MemoryHuey();
const slow = huey.task("slow", async (ms: number) => {
  await sleep(ms);
  return ms;
});

await using consumer = new Consumer(huey);
await consumer.start();

const result = await slow(300); // returns at once
try {
  await result.get({ blocking: true, timeout: 0.01 });
} catch (error) {
  console.log("gave up early:", error instanceof ResultTimeout);
}
console.log("waited to the end:", await result.get({ blocking: true }));

// Output:
// gave up early: true
// waited to the end: 300
