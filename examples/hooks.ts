/** Hooks: code before and after each task. A hook before it may cancel it. */
import { CancelExecution, Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
let today = "Saturday";
const clean = huey.task("clean", (room: string) => {
  if (room === "attic") throw new Error("too dusty");
  return `${room} is clean`;
});

huey.preExecute("noWorkOnSundays", () => {
  if (today === "Sunday") throw new CancelExecution("It is Sunday");
});
huey.postExecute((task, value, error) => {
  console.log(`${task.name}(${task.args}): ${error === undefined ? value : `failed, ${error.message}`}`);
});

await using consumer = new Consumer(huey);
await consumer.start();
await clean("kitchen");
await clean("attic");
await consumer.waitFor("idle");

today = "Sunday";
const result = await clean("hall");
await consumer.waitFor("idle");
console.log("hall:", (await result.state()).state);

// Output:
// clean(kitchen): kitchen is clean
// clean(attic): failed, too dusty
// hall: canceled
