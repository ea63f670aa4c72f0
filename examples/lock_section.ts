/** A lock around a part of a task. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const lock = huey.lockTask("database-backup", { ttl: { hours: 2 } });

const backup = huey.task("backup", async () => {
  console.log("copy the files"); // no lock: may run twice at once
  await using _held = await lock.acquire(); // TaskLockedException if somebody else has it
  console.log("copy the database, locked:", await lock.isLocked());
});

await using consumer = new Consumer(huey);
await consumer.start();
await (await backup()).get({ blocking: true });
console.log("locked afterwards:", await huey.isLocked("database-backup"));

// Output:
// copy the files
// copy the database, locked: true
// locked afterwards: false
