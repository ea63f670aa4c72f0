/** At most so many runs in a time, over all workers; what is too much waits until there is room. */
import { Consumer, MemoryHuey, SIGNAL_RATE_LIMITED } from "@hueyjs/huey";

const huey = new MemoryHuey();
const callApi = huey.task(
  { name: "callApi", rateLimit: { limit: 2, per: 1, algorithm: "sliding" } },
  (n: number) => n * 10,
);
let refused = 0;
huey.signal(SIGNAL_RATE_LIMITED, () => void refused++);

await using consumer = new Consumer(huey);
await consumer.start();
const results = await callApi.map([1, 2, 3]);
// The third call waits for room. A blocking read waits with it: a task that is put off has not ended.
console.log(JSON.stringify(await results.get({ blocking: true })));
console.log("put off:", refused);

// Output:
// [10,20,30]
// put off: 1
