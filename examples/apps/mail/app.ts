/** A sender of mails. See README.md. */
import { CancelExecution, Consumer, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "mail", filename: "mail.db" });

let providerIsAway = true;

/** In the place of the provider of mails. */
async function deliver(to: string, subject: string): Promise<void> {
  await Promise.resolve();
  if (!to.includes("@")) throw new CancelExecution(`${to} is no address`);
  if (providerIsAway) throw new Error("the provider is away");
  console.log(`to ${to}: ${subject}`);
}

/** The same mail to the same person is sent once, however often somebody presses the button while it waits. */
const sendMail = huey.task(
  { name: "sendMail", unique: true, retries: 1, retryDelay: 0.05, timeout: 30 },
  async (to: string, subject: string) => await deliver(to, subject),
);

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 2 });
  const first = await sendMail("ada@example.org", "Welcome");
  const second = await sendMail("ada@example.org", "Welcome");
  console.log("the second press is a duplicate:", second.duplicate && second.id === first.id);
  await consumer.start();
  await first.get({ blocking: true, timeout: 60 }).catch(() => console.log("it failed, after a retry"));

  const [failed] = await huey.deadLetters({ kind: "failed" });
  console.log(`${failed?.taskName} to ${failed?.task?.args[0]}: ${failed?.error?.message}, attempts: ${failed?.attempts}`);
  providerIsAway = false;
  console.log("tried again:", await huey.retryAll({ taskName: "sendMail" }));
  await huey.handle(first.id).get({ blocking: true, timeout: 60 });
}
