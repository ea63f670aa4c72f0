/** Functions around functions: inside the task they run in the worker, around its call in the caller. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

function logged<A extends unknown[], R>(place: string, fn: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    console.log(`${place}(${args})`);
    return fn(...args);
  };
}

const huey = new MemoryHuey();
const square = huey.task("square", logged("worker", (n: number) => n * n));
const squareLater = logged("caller", (n: number) => square(n));

const result = await squareLater(7);
await using consumer = new Consumer(huey);
await consumer.start();
console.log(await result.get({ blocking: true }));

// Output:
// caller(7)
// worker(7)
// 49
