/** One task for each item of a list, in one round trip. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const add = huey.task("add", (a: number, b: number) => a + b);

await using consumer = new Consumer(huey);
await consumer.start();

const results = await add.map(Array.from({ length: 5 }, (_, i) => [i, 100 * i] as [number, number]));
console.log(JSON.stringify(await results.get({ blocking: true })));

// Output:
// [0,101,202,303,404]
