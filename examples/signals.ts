/** Everything that happens to tasks, as signals. */
import { Consumer, MemoryHuey, SIGNAL_ERROR } from "@hueyjs/huey";

const huey = new MemoryHuey();
const double = huey.task("double", (n: number) => {
  if (n < 0) throw new RangeError(`${n} is negative`);
  return n * 2;
});
huey.signal((signal, task, error) => {
  if (signal === SIGNAL_ERROR) console.log(`${signal}: ${task.name}(${task.args}): ${error?.message}`);
  else console.log(`${signal}: ${task.name}(${task.args})`);
});

await double(4);
await double(-1);
await using consumer = new Consumer(huey);
await consumer.start();
await consumer.waitFor("idle");

// Output:
// enqueued: double(4)
// enqueued: double(-1)
// executing: double(4)
// complete: double(4)
// executing: double(-1)
// error: double(-1): -1 is negative
