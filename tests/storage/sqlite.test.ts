/** The storage contract for SQLite. @module */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { testStorage } from "../../testing/contract/suite.ts";
import { CASE_MS } from "../sizes.ts";

/** A new one for each case. */
let folder: string | undefined;

const open = (options: { name: string }): SqliteStorage =>
  new SqliteStorage({ ...options, filename: join(folder ??= mkdtempSync(join(tmpdir(), "huey-sqlite-")), "huey.db") });

testStorage("SqliteStorage", open, { describe, test, expect }, {
  timeoutMs: CASE_MS,
  afterEach: () => {
    rmSync(folder!, { recursive: true });
    folder = undefined;
  },
});
