/**
 * A process that calls one unique task many times at once when it is told to, and says how many calls were enqueued.
 * @module
 */
import process from "node:process";
import { huey, single } from "./app.ts";

const CALLS = 25;

await huey.pendingCount(); // opens the storage
console.log("ready");
process.stdin.once("data", async () => {
  const results = await Promise.all(Array.from({ length: CALLS }, (_, n) => single("key a", n)));
  console.log(JSON.stringify(results.map(({ id, duplicate }) => [id, duplicate])));
  await huey.close();
  process.exit(0);
});
