/** Tasks in parallel, and one callback with all of their values. */
import { chord, Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const countWords = huey.task("countWords", (text: string) => text.split(" ").length);
const sum = huey.task("sum", (counts: number[]) => counts.reduce((a, b) => a + b, 0));

await using consumer = new Consumer(huey, { workers: 4 });
await consumer.start();

const pages = ["a task queue", "that does not lose work"];
const result = await huey.enqueue(chord(pages.map((page) => countWords.s(page)), sum));
console.log("words:", await result.get({ blocking: true }));

// Output:
// words: 8
