/**
 * A dashboard for queues: one fetch handler that any server can mount, or a server of its own.
 *
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 * import { dashboard } from "@hueyjs/huey/dashboard";
 *
 * const huey = new MemoryHuey("shop");
 * const handler = dashboard(huey);
 * const response = await handler(new Request("http://localhost/"));
 * console.log(response.status); // 200
 * ```
 *
 * Without `token` and `authorize` only this computer is let in.
 *
 * @module
 */

import "../lib/primitives/support.ts";

export { dashboard } from "./dashboard.ts";
export { type DashboardServer, serveDashboard, type ServeOptions } from "./serve.ts";
export type { DashboardOptions } from "./options.ts";
export type { Access } from "./access/access.ts";
