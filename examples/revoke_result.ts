/** Stopping one invocation, and changing one's mind. */
import { Consumer, MemoryHuey, TaskException } from "@hueyjs/huey";

const huey = new MemoryHuey();
const add = huey.task("add", (a: number, b: number) => a + b);

const first = await add.schedule({ args: [1, 2], delay: 0.1 });
const second = await add.schedule({ args: [3, 4], delay: 0.1 });
await first.revoke();
await second.revoke();
console.log("first revoked:", await first.isRevoked());
console.log("second restored:", await second.restore());

await using consumer = new Consumer(huey);
await consumer.start();
console.log("second:", await second.get({ blocking: true }));
try {
  await first.get({ blocking: true });
} catch (error) {
  if (error instanceof TaskException) console.log("first:", error.metadata.outcome);
}

// Output:
// first revoked: true
// second restored: true
// second: 7
// first: revoked
