/**
 * The one call that turns traces on.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { show } from "../lib/primitives/arguments.ts";
import { checkOptions, rule } from "../lib/primitives/option_rules.ts";
import type { OtelApi } from "./api.ts";
import { Spans } from "./tracing.ts";

/** How tasks are traced. */
export interface TraceOptions {
  /**
   * How the span of an attempt belongs to that of the call. "link" (default): it begins a trace of its own, with a link. "parent": it is
   * a child, so that the call and everything after it are one trace.
   */
  relation?: "link" | "parent";

  /** Record what failed tasks threw, with message and stack; they may hold what the task was given. Default false: only their names. */
  errors?: boolean;
}

const SCHEMA = "https://opentelemetry.io/schemas/1.44.0";

/**
 * Traces what a Huey enqueues and runs in this process. Call it where the Huey is made, so that the workers of a consumer do it too.
 *
 * @param huey The Huey.
 * @param api What `import * as api from "@opentelemetry/api"` gives.
 * @param options Whether attempts are linked to their call or children of it, and whether errors are recorded.
 * @returns Ends the tracing.
 * @throws {TypeError} If that is no Huey, no API, or for a wrong option.
 * @throws {ConfigurationError} If it is traced already.
 *
 * @example
 * ```ts
 * import * as api from "@opentelemetry/api";
 * import { MemoryHuey } from "@hueyjs/huey";
 * import { traceTasks } from "@hueyjs/huey/otel";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * traceTasks(huey, api);
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const result = await add(1, 2); // a span "enqueue huey", and one "execute huey" with a link to it
 * console.log(await result.get()); // 3
 * ```
 */
export function traceTasks(huey: Huey, api: OtelApi, options: TraceOptions = {}): () => void {
  const core = coreOf(huey);
  if (core === undefined) throw new TypeError(`traceTasks takes a Huey: ${show(huey)}`);
  if (typeof api?.trace?.getTracerProvider !== "function" || typeof api.context?.with !== "function") {
    throw new TypeError(`traceTasks takes what \`import * as api from "@opentelemetry/api"\` gives: ${show(api)}`);
  }
  checkOptions<TraceOptions>(options, "traceTasks", { relation: rule.oneOf("link", "parent"), errors: rule.boolean });
  const { settings: { name } } = core;
  if (core.tracing !== undefined) throw new ConfigurationError(`Huey "${name}" is traced already`);
  const { relation = "link", errors = false } = options;
  const tracer = api.trace.getTracerProvider().getTracer("@hueyjs/huey", undefined, { schemaUrl: SCHEMA });
  const spans = new Spans(api, tracer, name, { relation, errors });
  core.tracing = spans;
  return () => {
    if (core.tracing === spans) core.tracing = undefined;
  };
}
