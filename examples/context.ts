/** What a task can know of itself: `context: true` adds a first argument. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const tell = huey.task({ name: "tell", context: true }, (context, message: string) => {
  console.log(`${message}: id ${context.id}, attempt ${context.attempt}`);
});

await using consumer = new Consumer(huey);
await consumer.start();
await tell.with({ id: "first" })("one");
await tell.with({ id: "second" })("two");
await consumer.waitFor("idle");

// Output:
// one: id first, attempt 1
// two: id second, attempt 1
