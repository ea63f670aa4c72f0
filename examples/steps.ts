/** A payment that is not made twice, although the task is tried again. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
const order = huey.task({ name: "order", context: true, retries: 1 }, async (context, item: string) => {
  const payment = await context.step("charge", () => {
    console.log("charge");
    return { item, paid: true };
  });
  console.log("attempt", context.attempt);
  if (context.attempt === 1) throw new Error("the mail server is down");
  return payment.paid;
});

await using consumer = new Consumer(huey);
await consumer.start();
console.log(await (await order("tea")).get({ blocking: true }));

// Output:
// charge
// attempt 1
// attempt 2
// true
