/** Tells the story to a SQLite file, and is killed before one of its statements: `<this file> <database> <number of the statement>`. @module */
import { writeSync } from "node:fs";
import process from "node:process";
import { sqliteStorage } from "../../storage/sqlite/storage.ts";
import { Statements } from "./_sqlite_statements.ts";
import { STEP_COUNT, Story } from "./_sqlite_story.ts";

const [filename = "", last = ""] = process.argv.slice(2);
const story = new Story();
const statements = new Statements();
const storage = sqliteStorage({ name: "children", filename, clock: story.clock });
let seen = 0;
for (; story.step < STEP_COUNT; story.step++) {
  writeSync(1, `${story.step}\n`);
  await statements.during(() => story.tell(storage), (_, run) => {
    if (seen++ === Number(last)) process.kill(process.pid, "SIGKILL");
    return run();
  });
}
await storage.close();
writeSync(1, "end\n");
