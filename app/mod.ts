/**
 * Huey in an application: one configuration, tasks that are found by themselves, and databases.
 *
 * ```ts ignore: three files
 * // huey.config.ts
 * import { defineConfig } from "@hueyjs/huey/app";
 * export default defineConfig({ hueyClass: "SqliteHuey", name: "my-app", consumer: { workers: 4 } });
 *
 * // tasks.ts
 * import { task } from "@hueyjs/huey/app";
 * export const countBeans = task("countBeans", (beans: number) => `Counted ${beans} beans`);
 *
 * // main.ts
 * import "./huey.config.ts"; // before the tasks
 * import { countBeans } from "./tasks.ts";
 * const result = await countBeans(100);
 * ```
 *
 * The consumer finds the configuration and the tasks by itself: `huey-consumer`, in the folder of the configuration.
 *
 * @module
 */

import "../lib/primitives/support.ts";

// Configuration
export { defineConfig } from "./application.ts";
export type { HueyClass } from "./hueys.ts";
export type {
  AnyDatabase,
  ApplicationSettings,
  ClassSettings,
  ConsumerSettings,
  FileSettings,
  HueySettings,
  InstanceSettings,
  MemorySettings,
  RedisConnection,
  RedisSettings,
  Settings,
  SqliteSettings,
} from "./settings.ts";

// The configured Huey, and its methods
export {
  contextTask,
  disconnectSignal,
  enqueue,
  huey,
  isRevoked,
  lockTask,
  onShutdown,
  onStartup,
  periodicTask,
  postExecute,
  preExecute,
  progress,
  restore,
  restoreAll,
  restoreById,
  result,
  revoke,
  revokeAll,
  revokeById,
  scheduled,
  signal,
  state,
  task,
} from "./helpers.ts";

// Databases
export { dbPeriodicTask, dbTask } from "./db_task.ts";
export { Database } from "./database.ts";
export { drizzleDatabase, type DrizzleLike } from "./databases/drizzle.ts";
export { kyselyDatabase, type KyselyLike } from "./databases/kysely.ts";
export { pgDatabase, type PgLike } from "./databases/pg.ts";
export { postgresDatabase, type PostgresLike } from "./databases/postgres.ts";
export { sqliteDatabase, type SqliteLike } from "./databases/sqlite.ts";

// Transactions
export { atomic, type DrizzleTransaction, type FirstArgument, type TransactionOf } from "./atomic.ts";
export { onCommit } from "./transactions.ts";
export { type DefineOnCommitTask, type OnCommitTask, onCommitTask } from "./on_commit_task.ts";

// Errors
export { AfterCommitError, DatabaseError } from "./errors.ts";
