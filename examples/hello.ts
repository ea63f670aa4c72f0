/** A first task: a call puts a message on the queue, a consumer runs it, a handle reads the value. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";

await using huey = new SqliteHuey({ filename: "hello.db" });
const add = huey.task("add", (a: number, b: number) => a + b);

const result = await add(1, 2);
console.log("before it ran:", await result.get());

await using consumer = new Consumer(huey);
await consumer.start();
console.log("after it ran:", await result.get({ blocking: true, timeout: 5 }));

// Output:
// before it ran: undefined
// after it ran: 3
