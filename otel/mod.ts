/**
 * Traces of OpenTelemetry: a span for each call, and one for each attempt that follows from it, in whatever process that runs.
 *
 * The application gives its own copy of `@opentelemetry/api`; this package depends on none.
 * @module
 */
export type {
  OtelApi,
  OtelContext,
  OtelSpan,
  OtelSpanContext,
  OtelSpanOptions,
  OtelTracer,
  OtelTracerProvider,
  OtelTraceState,
} from "./api.ts";
export { traceTasks } from "./trace_tasks.ts";
export type { TraceOptions } from "./trace_tasks.ts";
