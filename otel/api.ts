/**
 * The part of `@opentelemetry/api` that is used, in its shape: the application gives its own copy, and nothing of it is imported here.
 * @module
 */

/** A context of OpenTelemetry: opaque. */
export interface OtelContext {
  /** The value of a key. */
  getValue(key: symbol): unknown;
}

/** What vendors add to where a span is. */
export interface OtelTraceState {
  /** The text of one. */
  get(key: string): string | undefined;
  /** Another state, with one more. */
  set(key: string, value: string): OtelTraceState;
  /** Another state, with one less. */
  unset(key: string): OtelTraceState;
  /** As it travels. */
  serialize(): string;
}

/** Where a span is. */
export interface OtelSpanContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** 1: it is sampled. */
  traceFlags: number;
  /** It comes from another process. */
  isRemote?: boolean;
  /** What vendors add. */
  traceState?: OtelTraceState;
}

/** A span. */
export interface OtelSpan {
  /** Where it is. */
  spanContext(): OtelSpanContext;
  /** Adds an attribute. */
  setAttribute(key: string, value: string | number): unknown;
  /** Says how it ended. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** Adds an error, with its stack. */
  recordException(error: Error): void;
  /** Ends it. */
  end(): void;
}

/** How a span starts. */
export interface OtelSpanOptions {
  /** A number of `SpanKind`. */
  kind?: number;
  /** What is known of it. */
  attributes?: Record<string, string | number>;
  /** Other spans that it belongs to. */
  links?: { context: OtelSpanContext }[];
  /** It has no parent. */
  root?: boolean;
}

/** Makes spans. */
export interface OtelTracer {
  /** Starts a span. */
  startSpan(name: string, options?: OtelSpanOptions, context?: OtelContext): OtelSpan;
}

/** Gives tracers. */
export interface OtelTracerProvider {
  /** The tracer of a library. */
  getTracer(name: string, version?: string, options?: { schemaUrl?: string }): OtelTracer;
}

/** What `import * as api from "@opentelemetry/api"` gives, as far as it is used. */
export interface OtelApi {
  /** The context that code runs in. */
  readonly context: {
    active(): OtelContext;
    with<T>(context: OtelContext, work: () => T): T;
  };
  /** Spans. */
  readonly trace: {
    getTracerProvider(): OtelTracerProvider;
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    setSpanContext(context: OtelContext, spanContext: OtelSpanContext): OtelContext;
  };
  /** The context of nothing. */
  readonly ROOT_CONTEXT: OtelContext;
  /** Whether a span context names a span. */
  isSpanContextValid(spanContext: OtelSpanContext): boolean;
  /** Reads what vendors add. */
  createTraceState(text?: string): OtelTraceState;
}
