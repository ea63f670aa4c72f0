/** The model tests of the SQLite storage: two instances over one file take turns. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStorage } from "../../mod.ts";
import { modelTest } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "huey-model-"));
const filename = join(folder, "model.db");

modelTest("SqliteStorage", {
  open: () => Promise.resolve([new SqliteStorage({ filename }), new SqliteStorage({ filename })]),
  close: () => Promise.resolve(rmSync(folder, { recursive: true })),
  priorities: [-2, 0.5, 7],
  runs: 200,
  steppedTtl: true,
});
