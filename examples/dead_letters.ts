/** A message for a task that this consumer does not know: set aside, not lost. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";

// A producer of a newer version knows a task more.
await using producer = new SqliteHuey({ filename: "letters.db" });
const resize = producer.task("resize", (width: number) => `${width} pixels`);
const result = await resize(640);

await using huey = new SqliteHuey({ filename: "letters.db" });
await using consumer = new Consumer(huey);
await consumer.start();
while (await huey.deadLetterCount() === 0) await new Promise((resolve) => setTimeout(resolve, 50));
const [letter] = await huey.deadLetters();
console.log(`${letter!.taskName}: ${letter!.reason}`);

huey.task("resize", (width: number) => `${width} pixels`); // the missing code is deployed
await huey.requeueDeadLetter(letter!.id);
console.log(await result.get({ blocking: true }));

// Output:
// resize: No task is registered under the name "resize"
// 640 pixels
