/** A pipeline: each step gets the value of the step before it, after the arguments it was given. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const add = huey.task("add", (a: number, b: number) => a + b);

await using consumer = new Consumer(huey);
await consumer.start();

// A call is a task that is made and enqueued in one go.
const same = await huey.enqueue(add.s(1, 2));
console.log("one task:", await same.get({ blocking: true }));

const pipeline = add.s(1, 2).andThen(add, 10).andThen(add, 100).andThen(add, 1000);
const results = await huey.enqueue(pipeline);
console.log("all steps:", JSON.stringify(await results.get({ blocking: true })));
for (const result of results) console.log("one step:", await result.get());

// Output:
// one task: 3
// all steps: [3,13,113,1113]
// one step: 3
// one step: 13
// one step: 113
// one step: 1113
