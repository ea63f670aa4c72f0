/** One handler for two signals, and how it is taken off again. */
import { Consumer, MemoryHuey, SIGNAL_ERROR, SIGNAL_LOCKED } from "@hueyjs/huey";

const huey = new MemoryHuey();
const fail = huey.task("fail", () => {
  throw new Error("no luck");
});
const locked = huey.task({ name: "locked", lock: "door" }, () => "inside");

const disconnect = huey.signal([SIGNAL_ERROR, SIGNAL_LOCKED], (signal, task, error) => {
  console.log(`${task.name}: ${signal}, ${error.name}`);
});

await using consumer = new Consumer(huey);
await consumer.start();
await using _held = await huey.lockTask("door").acquire();
await fail();
await locked();
await consumer.waitFor("idle");

disconnect();
await fail();
await consumer.waitFor("idle");

// Output:
// fail: error, Error
// locked: locked, TaskLockedException
