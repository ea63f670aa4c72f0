/** Work of many tenants. See README.md. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "tenants", filename: "tenants.db" });

const running = new Map<string, number>();
const most = new Map<string, number>();

/** Two at once for each tenant. Who has many must not keep the others waiting. */
const importFile = huey.task(
  { name: "importFile", concurrency: { limit: 2, key: (tenant) => tenant } },
  async (tenant: string, file: number) => {
    const now = (running.get(tenant) ?? 0) + 1;
    running.set(tenant, now);
    most.set(tenant, Math.max(now, most.get(tenant) ?? 0));
    await new Promise((resolve) => setTimeout(resolve, 5));
    running.set(tenant, running.get(tenant)! - 1);
    return `${tenant}/${file}`;
  },
);

if (import.meta.main) {
  const large = await huey.enqueueMany(
    Array.from({ length: 40 }, (_, file) => importFile.with({ meta: { tenant: "large" } }).s("large", file)),
  );
  const small = await importFile("small", 1);
  console.log("blocked:", await huey.blockedCount(), "waiting:", await huey.pendingCount());
  await using consumer = new Consumer(huey, { workers: 8 });
  await consumer.start();
  await small.get({ blocking: true, timeout: 60 });
  const left = await huey.blockedCount();
  console.log("the small tenant did not wait for the large one:", left > 0);
  await large.get({ blocking: true, timeout: 60 });
  console.log("most at once:", [...most].map(([tenant, count]) => `${tenant} ${count}`).sort().join(", "));
}
