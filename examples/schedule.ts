/** Tasks for later: after a delay, and at a point of time. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const add = huey.task("add", (a: number, b: number) => a + b);

await using consumer = new Consumer(huey);
await consumer.start();

const later = await add.schedule({ args: [3, 4], delay: 0.2 });
const at = await add.schedule({ args: [4, 5], eta: new Date(Date.now() + 200) });
console.log("right away:", await later.get());
console.log("delay:", await later.get({ blocking: true }));
console.log("eta:", await at.get({ blocking: true }));

// Output:
// right away: undefined
// delay: 7
// eta: 9
