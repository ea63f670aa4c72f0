/** A task that fails now and then: tried again. A blocking read waits until it has ended. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
let calls = 0;
const flaky = huey.task({ name: "flaky", retries: 2, retryDelay: 0.2 }, () => {
  calls += 1;
  if (calls === 1) throw new Error("the line is busy");
  return "connected";
});

await using consumer = new Consumer(huey);
await consumer.start();

const result = await flaky();
console.log(await result.get({ blocking: true }), "at call", calls);

// Output:
// connected at call 2
