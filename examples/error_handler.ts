/** A task that runs when another one has failed. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const divide = huey.task("divide", (a: bigint, b: bigint) => a / b);
const reported = Promise.withResolvers<string>();
const report = huey.task("report", (place: string, error: Error) => reported.resolve(`${place}: ${error.name}`));

await using consumer = new Consumer(huey);
await consumer.start();
await huey.enqueue(divide.s(1n, 0n).onError(report, "division"));
console.log(await reported.promise);

// Output:
// division: RangeError
