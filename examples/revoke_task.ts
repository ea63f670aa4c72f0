/** Stopping every invocation of a task, and letting them run again. */
import { MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const greet = huey.task("greet", (name: string) => `Hello ${name}`);

await greet.revoke();
console.log("task revoked:", await greet.isRevoked());
const result = await greet("Ada");
console.log("so is a call of it:", await result.isRevoked());

await greet.restore();
console.log("after restore:", await greet.isRevoked(), await result.isRevoked());

// Output:
// task revoked: true
// so is a call of it: true
// after restore: false false
