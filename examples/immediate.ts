/** Immediate mode: tasks run in the call, without a consumer. */
import { RedisHuey } from "@hueyjs/huey";

const huey = new RedisHuey("my-app"); // no server is needed: immediate mode uses memory
huey.immediate = true;

const add = huey.task("add", (a: number, b: number) => a + b);
console.log("runs in the call:", await (await add(1, 2)).get());

await add.revoke({ once: true });
const revoked = await add(2, 3);
console.log("revoked:", await revoked.get(), (await revoked.state()).state);
console.log("restored by itself:", await (await add(3, 4)).get());

const later = await add.schedule({ args: [4, 5], delay: 60 });
console.log("scheduled:", await later.get(), "on the schedule:", (await huey.scheduled()).length);

// Output:
// runs in the call: 3
// revoked: undefined revoked
// restored by itself: 7
// scheduled: undefined on the schedule: 1
