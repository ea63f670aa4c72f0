/** A report of many parts. See README.md. */
import { chord, Consumer, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "report", filename: "report.db" });

/** The sales of a month; one region did not hand in its figures. */
const sales = huey.task("sales", (region: string, month: number) => {
  if (region === "south") throw new Error(`no figures of ${region} for month ${month}`);
  return { region, sum: region.length * 100 * month };
});

type Sales = { region: string; sum: number };

/** Gets all parts; that of a region that failed is an error. */
const summary = huey.task("summary", (parts: (Sales | Error)[]) => ({
  total: parts.reduce((sum, part) => part instanceof Error ? sum : sum + part.sum, 0),
  missing: parts.filter((part) => part instanceof Error).length,
}));

const publish = huey.task(
  "publish",
  ({ total, missing }: { total: number; missing: number }) => `total ${total}, missing regions: ${missing}`,
);

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 4 });
  await consumer.start();
  const parts = ["north", "east", "south", "west"].map((region) => sales.s(region, 5));
  const result = await huey.enqueue(chord(parts, summary).andThen(publish));
  const [, published] = await result.pipelineResults!.get({ blocking: true, timeout: 60 });
  console.log(published);
}
