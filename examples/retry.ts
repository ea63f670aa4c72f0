/** A task that fails now and then: tried again, and the handle read again. */
import { Consumer, MemoryHuey, TaskException } from "@hueyjs/huey";

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
try {
  await result.get({ blocking: true });
} catch (error) {
  if (error instanceof TaskException) console.log("first attempt:", error.metadata.error);
}
result.reset(); // forget the error that the handle keeps
console.log("second attempt:", await result.get({ blocking: true }));

// Output:
// first attempt: Error: the line is busy
// second attempt: connected
