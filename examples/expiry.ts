/** A task that is worth nothing when it is late. */
import { Consumer, MemoryHuey, type TaskException } from "@hueyjs/huey";

const huey = new MemoryHuey();
const quote = huey.task({ name: "quote", expires: { minutes: 5 } }, (symbol: string) => `${symbol} 100`);

const fresh = await quote("ABC");
const stale = await quote.with({ expires: 0 })("XYZ"); // expired as soon as it is enqueued

await using consumer = new Consumer(huey);
await consumer.start();
console.log(await fresh.get({ blocking: true }));
await stale.get({ blocking: true }).catch((error: TaskException) => console.log(error.metadata.outcome));

// Output:
// ABC 100
// expired
