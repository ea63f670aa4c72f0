/** A task that tells how far it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const convert = huey.task({ name: "convert", context: true }, async (context, pages: number) => {
  for (let page = 1; page <= pages; page++) {
    await sleep(5);
    await context.setProgress(`${page} of ${pages}`);
  }
  return "converted";
});

await using consumer = new Consumer(huey);
const result = await convert(3);
const updates = (async () => {
  for await (const value of result.progressUpdates()) console.log("progress:", value);
})();
await consumer.start();
await updates; // ends with the task
console.log(await result.get());

// Output:
// progress: 1 of 3
// progress: 2 of 3
// progress: 3 of 3
// converted
