/** A task with a time limit that stops what it waits for. */
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const download = huey.task({ name: "download", context: true, timeout: 0.1 }, async (context, url: string) => {
  await sleep(10_000, undefined, { signal: context.signal }); // stands for fetch(url, { signal: context.signal })
  return url;
});

await using consumer = new Consumer(huey);
await consumer.start();
const result = await download("https://example.org");
await result.get({ blocking: true }).catch((error: Error) => console.log((error.cause as Error).name));

// Output:
// TaskTimeout
