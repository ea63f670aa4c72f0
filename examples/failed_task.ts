/** What a handle tells of a task that failed. */
import { Consumer, MemoryHuey, TaskException } from "@hueyjs/huey";

const huey = new MemoryHuey();
const fails = huey.task("fails", () => {
  throw new TypeError("I could not do it");
});

await using consumer = new Consumer(huey);
await consumer.start();
const result = await fails();
try {
  await result.get({ blocking: true });
} catch (error) {
  if (!(error instanceof TaskException)) throw error;
  console.log("message:", error.message);
  console.log("cause:", error.cause instanceof TypeError, (error.cause as Error).message);
  console.log("retries left:", error.metadata.retries);
}

// Output:
// message: TypeError: I could not do it
// cause: true I could not do it
// retries left: 0
