/**
 * Spans for enqueueing and for attempts, after the messaging conventions of OpenTelemetry 1.44.0. None of them has arguments or values.
 * @module
 */
import { isChord } from "../lib/message/chain.ts";
import type { Message, Meta, NextStep } from "../lib/message/message.ts";
import type { TracedAttempt, TracedEnd, Tracing } from "../lib/observe/tracing.ts";
import type { OtelApi, OtelContext, OtelSpan, OtelTracer } from "./api.ts";
import { fromMeta, toMeta } from "./carrier.ts";

/** How attempts are told of. */
export interface SpanOptions {
  /** How the span of an attempt belongs to that of the call. */
  readonly relation: "link" | "parent";
  /** Whether errors are recorded. */
  readonly errors: boolean;
}

/** Numbers of the API. */
const PRODUCER = 3;
const CONSUMER = 4;
const ERROR = 2;

/** Outcomes that are failures, and what they are called where that is not the name of an error. */
const FAILURES: Readonly<Record<string, string | undefined>> = {
  "error": undefined,
  "timeout": "timeout",
  "locked": "locked",
  "rate-limited": "rate-limited",
};

type Attributes = Record<string, string | number>;

/** Traces one Huey. */
export class Spans implements Tracing {
  readonly #api: OtelApi;
  readonly #tracer: OtelTracer;
  readonly #queue: string;
  readonly #options: SpanOptions;

  constructor(api: OtelApi, tracer: OtelTracer, queue: string, options: SpanOptions) {
    this.#api = api;
    this.#tracer = tracer;
    this.#queue = queue;
    this.#options = options;
  }

  async enqueue<T>(steps: readonly NextStep[], write: (carried: Meta | undefined) => Promise<T>): Promise<T> {
    if (steps.length === 0) return await write(undefined);
    const attributes = this.#attributes("enqueue", "send", aboutSteps(steps));
    const span = this.#tracer.startSpan(`enqueue ${this.#queue}`, { kind: PRODUCER, attributes });
    const inside = this.#api.trace.setSpan(this.#api.context.active(), span);
    const carried = toMeta(this.#api, span.spanContext());
    try {
      return await this.#api.context.with(inside, () => write(carried));
    } catch (error) {
      this.#fail(span, error, undefined);
      throw error;
    } finally {
      span.end();
    }
  }

  async execute<E extends TracedEnd | undefined>(attempt: TracedAttempt, work: () => Promise<E>): Promise<E> {
    const span = this.#startAttempt(attempt);
    const { traceId } = span.spanContext();
    if (this.#api.isSpanContextValid(span.spanContext())) attempt.traceId = traceId;
    const { ROOT_CONTEXT, trace, context } = this.#api;
    try {
      const end = await context.with(trace.setSpan(ROOT_CONTEXT, span), work);
      if (end !== undefined) this.#tellEnd(span, end);
      return end;
    } catch (error) {
      this.#fail(span, error, undefined);
      throw error;
    } finally {
      span.end();
    }
  }

  #startAttempt({ message, claim, options: { owner } }: TracedAttempt): OtelSpan {
    const { ROOT_CONTEXT, trace } = this.#api;
    const attributes = this.#attributes("execute", "process", {
      ...aboutMessage(message),
      "messaging.huey.attempt": (message.attempt ?? 0) + 1,
      "messaging.huey.deliveries": claim.deliveries,
      ...(owner === undefined ? {} : { "messaging.client.id": owner.consumer }),
    });
    const call = fromMeta(this.#api, message.meta);
    const isChild = this.#options.relation === "parent" && call !== undefined;
    const base: OtelContext = isChild ? trace.setSpanContext(ROOT_CONTEXT, call) : ROOT_CONTEXT;
    const links = call === undefined || isChild ? [] : [{ context: call }];
    return this.#tracer.startSpan(`execute ${this.#queue}`, { kind: CONSUMER, attributes, links }, base);
  }

  #attributes(name: string, type: string, others: Attributes): Attributes {
    return {
      "messaging.system": "huey",
      "messaging.operation.name": name,
      "messaging.operation.type": type,
      "messaging.destination.name": this.#queue,
      ...others,
    };
  }

  #tellEnd(span: OtelSpan, { kind, error }: TracedEnd): void {
    span.setAttribute("messaging.huey.outcome", kind);
    if (Object.hasOwn(FAILURES, kind)) this.#fail(span, error, FAILURES[kind]);
  }

  #fail(span: OtelSpan, error: unknown, type: string | undefined): void {
    const known = error instanceof Error ? error : undefined;
    span.setAttribute("error.type", type ?? nameOf(known));
    span.setStatus({ code: ERROR });
    // Its message and stack may hold what the task was given.
    if (this.#options.errors && known !== undefined) span.recordException(known);
  }
}

function nameOf(error: Error | undefined): string {
  try {
    return String(error?.name || "_OTHER");
  } catch {
    // A getter of the application that throws.
    return "_OTHER";
  }
}

function aboutMessage({ id, name, chord }: Message): Attributes {
  return {
    "messaging.message.id": id,
    "messaging.huey.task.name": name,
    ...(chord === undefined ? {} : { "messaging.message.conversation_id": chord.id }),
  };
}

function aboutSteps(steps: readonly NextStep[]): Attributes {
  const [first] = steps;
  if (steps.length === 1 && !isChord(first!)) return aboutMessage(first!);
  const names = new Set(steps.map((step) => isChord(step) ? step.callback.name : step.name));
  const [name] = names;
  const common: Attributes = names.size === 1 ? { "messaging.huey.task.name": name! } : {};
  return { ...common, "messaging.batch.message_count": steps.length };
}
