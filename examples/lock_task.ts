/** A lock around a whole task: a second run that meets it ends as locked. */
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, MemoryHuey, SIGNAL_LOCKED } from "@hueyjs/huey";

const huey = new MemoryHuey();
const report = huey.task({ name: "report", lock: "reports" }, async () => {
  await sleep(50);
  return "written";
});
huey.signal(SIGNAL_LOCKED, (_signal, task, error) => console.log(`${task.name} was not run: ${error.lockName} is held`));

await using consumer = new Consumer(huey, { workers: 2 });
await consumer.start();
const [first] = await Promise.all([report(), report()]);
console.log("first:", await first.get({ blocking: true }));

// Output:
// report was not run: reports is held
// first: written
