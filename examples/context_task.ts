/** A resource that is made for each attempt and passed to the task. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";
import { openDatabase } from "./database.ts";

const huey = new MemoryHuey();
const countComments = huey.contextTask(
  () => openDatabase("comments.db"), // disposable: closed after the attempt
  "countComments",
  { asArgument: true },
  (database, minimum: number) => {
    database.run("create table if not exists comment (id integer primary key, body text)");
    database.run("insert into comment (body) values ('one'), ('two')");
    return database.all("select count(*) as n from comment where id >= ?", minimum);
  },
);

await using consumer = new Consumer(huey);
await consumer.start();
console.log(JSON.stringify(await (await countComments(2)).get({ blocking: true })));

// Output:
// [{"n":1}]
