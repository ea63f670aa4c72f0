/** Periodic tasks: a consumer enqueues them by the clock. */
import { Consumer, crontab, every, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const ticked = Promise.withResolvers<void>();

huey.periodicTask("tick", every(1), () => ticked.resolve());
huey.periodicTask("threeMinutes", crontab({ minute: "*/3" }), () => console.log("not during this example"));

await using consumer = new Consumer(huey);
await consumer.start();
await ticked.promise;
console.log("ticked");

// Output:
// ticked
