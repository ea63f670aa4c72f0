/** Small texts that travel with a task and with what follows from it. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const fetchPage = huey.task("fetchPage", (url: string) => url.length);
const store = huey.task(
  { name: "store", context: true },
  (context, size: number) => `${size} bytes for ${context.meta["tenant"]}`,
);

const call = fetchPage.with({ meta: { tenant: "acme", trace: "4711" } });
const results = await huey.enqueue(call.s("https://example.org").andThen(store));

await using consumer = new Consumer(huey);
await consumer.start();
console.log((await results.get({ blocking: true })).at(-1));

// Output:
// 19 bytes for acme
