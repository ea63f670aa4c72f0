/** The value of a periodic task is discarded: what it finds goes into the store under a key of its own. */
import { Consumer, every, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const stored = Promise.withResolvers<void>();
huey.periodicTask("measure", every(1), async () => {
  await huey.put("measure", { temperature: 21 });
  stored.resolve();
});

await using consumer = new Consumer(huey);
await consumer.start();
await stored.promise;
console.log(JSON.stringify(await huey.get("measure", { peek: true })));

// Output:
// {"temperature":21}
