/** A resource opened and closed by the task itself. */
import { Consumer, MemoryHuey } from "@hueyjs/huey";
import { openDatabase } from "./database.ts";

const huey = new MemoryHuey();
const checkComment = huey.task("checkComment", (id: number) => {
  using database = openDatabase("comments.db"); // closed at the end of the block, also after an error
  database.run("create table if not exists comment (id integer primary key, body text, spam integer default 0)");
  database.run("insert or ignore into comment (id, body) values (?, 'buy now')", id);
  database.run("update comment set spam = 1 where id = ? and body like '%buy%'", id);
  return database.all("select id, spam from comment");
});

await using consumer = new Consumer(huey);
await consumer.start();
console.log(JSON.stringify(await (await checkComment(1)).get({ blocking: true })));

// Output:
// [{"id":1,"spam":1}]
