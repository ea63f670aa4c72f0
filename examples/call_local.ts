/** The plain function behind a task, and one function as two tasks. */
import { MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
function add(a: number, b: number): number {
  return a + b;
}
const slowLane = huey.task("add.slow", { priority: -10 }, add);
const fastLane = huey.task("add.fast", { priority: 10 }, add);

console.log("no queue:", fastLane.callLocal(3, 4));
await slowLane(1, 1);
await fastLane(2, 2);
console.log("order of the queue:", (await huey.pending()).map((task) => task.name).join(", "));

// Output:
// no queue: 7
// order of the queue: add.fast, add.slow
