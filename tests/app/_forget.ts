/** Forgets what was configured, as no application ever does. @module */

/** As if nothing had been configured. */
export function forgetApplication(): void {
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("@hueyjs/huey.application")];
}
