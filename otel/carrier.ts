/**
 * The context of a trace as meta of a task, in the form of W3C Trace Context, whatever the application uses between its services.
 * @module
 */
import type { OtelApi, OtelSpanContext } from "./api.ts";

/** The keys in meta. */
const PARENT = "traceparent";
const STATE = "tracestate";

const PATTERN = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-|$)/;
/** Longer texts of vendors are left out, as W3C allows. */
const LONGEST_STATE = 512;

/** What travels of a span; `undefined` of one that nobody records. */
export function toMeta(
  api: OtelApi,
  { traceId, spanId, traceFlags, traceState }: OtelSpanContext,
): Record<string, string> | undefined {
  if (!api.isSpanContextValid({ traceId, spanId, traceFlags })) return undefined;
  const flags = (traceFlags & 0xff).toString(16).padStart(2, "0");
  const state = traceState?.serialize() ?? "";
  const parent = { [PARENT]: `00-${traceId}-${spanId}-${flags}` };
  return state === "" || state.length > LONGEST_STATE ? parent : { ...parent, [STATE]: state };
}

/** The span in meta. @returns `undefined` if there is none: what is stored may come from anybody */
export function fromMeta(api: OtelApi, meta: Readonly<Record<string, string>> | undefined): OtelSpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = PATTERN.exec(meta?.[PARENT] ?? "") ?? [];
  const context: OtelSpanContext = { traceId, spanId, traceFlags: parseInt(flags || "0", 16), isRemote: true };
  if (!api.isSpanContextValid(context)) return undefined;
  const state = meta?.[STATE];
  if (state === undefined || state.length > LONGEST_STATE) return context;
  return { ...context, traceState: api.createTraceState(state) };
}
