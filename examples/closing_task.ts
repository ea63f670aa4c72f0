/** A resource with `open` and `close`: opened before each attempt, closed after it, also when it fails. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";
import { type Database, openDatabase } from "./database.ts";

class Reports {
  database: Database | undefined;
  open(): void {
    console.log("open");
    this.database = openDatabase("reports.db");
  }
  close(): void {
    console.log("close");
    this.database?.[Symbol.dispose]();
  }
}

const huey = new MemoryHuey();
const reports = new Reports();
const generateReport = huey.closingTask(reports, "generateReport", (company: number) => {
  const database = reports.database!;
  database.run("create table if not exists sale (company integer, amount integer)");
  database.run("insert into sale values (?, 3), (?, 4)", company, company);
  if (company < 0) throw new RangeError("no such company");
  return database.all("select sum(amount) as total from sale where company = ?", company);
});

await using consumer = new Consumer(huey);
await consumer.start();
console.log(JSON.stringify(await (await generateReport(1)).get({ blocking: true })));
await (await generateReport(-1)).get({ blocking: true }).catch((error: Error) => console.log(error.message));

// Output:
// open
// close
// [{"total":7}]
// open
// close
// RangeError: no such company
