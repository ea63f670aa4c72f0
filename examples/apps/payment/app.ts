/** Payments. See README.md. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "payment", filename: "payment.db" });

let charges = 0;
let bookings = 0;

/** In the place of the bank. The key lets it see that two requests are the same payment. */
async function charge(order: string, cents: number, key: string): Promise<string> {
  await Promise.resolve();
  charges++;
  return `receipt ${order} ${cents}${key === "" ? " without a key" : ""}`;
}

/** Is not told twice what it was told once: each step is kept before the next one begins. */
const pay = huey.task(
  { name: "pay", context: true, retries: 3, retryDelay: 0.05, unique: { key: (order) => order } },
  async (context, order: string, cents: number) => {
    const receipt = await context.step("charge", () => charge(order, cents, context.id));
    await context.step("book", () => {
      if (++bookings === 1) throw new Error("the ledger is away");
      return true;
    });
    return receipt;
  },
);

/** Has no key by which the other side could see that it is the same: so it is asked at most once, and people look at what failed. */
const faxTheBank = huey.task(
  { name: "faxTheBank", delivery: "at-most-once" },
  (receipt: string) => `fax of ${receipt}`,
);

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 2 });
  await consumer.start();
  const pipeline = await huey.enqueue(pay.s("order-1", 500).andThen(faxTheBank));
  const [receipt, fax] = await pipeline.get({ blocking: true, timeout: 60 });
  console.log(receipt);
  console.log(fax);
  console.log(`charges: ${charges}, tries to book: ${bookings}`);
}
