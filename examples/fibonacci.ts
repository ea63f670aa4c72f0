/** Several values for the next step: `spread` makes each an argument of its own. */
import { Consumer, MemoryHuey, spread } from "@hueyjs/huey";

const huey = new MemoryHuey();
const fibonacci = huey.task("fibonacci", (a: number, b: number) => spread(a + b, a));

await using consumer = new Consumer(huey);
await consumer.start();

const results = await huey.enqueue(fibonacci.s(1, 0).andThen(fibonacci).andThen(fibonacci).andThen(fibonacci));
console.log(JSON.stringify(await results.get({ blocking: true })));

// Output:
// [[1,1],[2,1],[3,2],[5,3]]
