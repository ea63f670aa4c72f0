/** Retries with growing delays; the error is only stored when no retry is left. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const fetchPage = huey.task(
  {
    name: "fetchPage",
    retries: 3,
    retryDelay: 0.02,
    retryBackoff: 2, // 0.02 s, 0.04 s, 0.08 s
    retryMaxDelay: 0.05, // the last one becomes 0.05 s
    retryJitter: 0.1, // up to a tenth less, at random
    context: true,
  },
  (context, url: string) => {
    if (context.attempt < 3) throw new Error(`no answer from ${url}`);
    return `attempt ${context.attempt} worked`;
  },
);

await using consumer = new Consumer(huey);
await consumer.start();
console.log(await (await fetchPage("https://example.org")).get({ blocking: true }));

// Output:
// attempt 3 worked
