/** A call of a task that is there already enqueues nothing. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const refresh = huey.task({ name: "refresh", unique: true }, (feed: string) => `refreshed ${feed}`);

const results = await refresh.map(["news", "sport", "news"]);
console.log([...results].map(({ duplicate }) => duplicate).join(", "));

await using consumer = new Consumer(huey);
await consumer.start();
console.log((await results.get({ blocking: true })).join(", "));
console.log("again:", !(await refresh("news")).duplicate);

// Output:
// false, false, true
// refreshed news, refreshed sport, refreshed news
// again: true
