/** A task that asks for its own retry: neither needs `retries` nor uses them up. */
import { Consumer, MemoryHuey, RetryTask } from "@hueyjs/huey";

const huey = new MemoryHuey();
let looks = 0;
const waitForReport = huey.task("waitForReport", () => {
  looks += 1;
  if (looks < 3) throw new RetryTask("the report is not written yet", { delay: 0.02 });
  return `found at look ${looks}`;
});

await using consumer = new Consumer(huey);
await consumer.start();
console.log(await (await waitForReport()).get({ blocking: true }));

// Output:
// found at look 3
