/** At most so many runs in a time, over all workers; what is too much waits for the next window. */
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
console.log(JSON.stringify(await Promise.all([...results].slice(0, 2).map((result) => result.get({ blocking: true })))));
const third = [...results][2]!;
await third.get({ blocking: true }).catch((error: Error) => console.log("third, at first:", error.message.split(":")[0]));
third.reset();
console.log("third, in the next window:", await third.get({ blocking: true }));
console.log("refused:", refused);

// Output:
// [10,20]
// third, at first: RateLimitExceeded
// third, in the next window: 30
// refused: 1
