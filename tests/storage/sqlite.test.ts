/** The storage contract for SQLite, and what is special about the file. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { storageContract } from "../contract/suite.ts";

storageContract("SqliteStorage", {
  newStore: () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-sqlite-"));
    return {
      open: (name = "contract") => new SqliteStorage({ name, filename: join(folder, "huey.db") }),
      remove: () => rmSync(folder, { recursive: true }),
    };
  },
});
