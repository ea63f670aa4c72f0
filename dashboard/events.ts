/**
 * The stream of events that a page listens to.
 * @module
 */
import type { Context } from "hono";
import { stream } from "hono/streaming";
import type { Clock } from "../lib/primitives/clock.ts";
import type { Pulse } from "./pulse.ts";

/** So many may look at one queue, or at all of them, at once. */
const MOST_LISTENERS = 200;
/** Then the page asks again, if its visitor is still let in. */
const LONGEST_MS = 3_600_000;

/**
 * Answers with a stream that says when something has changed.
 *
 * @param context Of the request.
 * @param pulses The changes of the queue, or of several. All are told at the looks at the first: else each would have the page fetched.
 * @param clock The clock of the machine.
 */
export function answerEvents(context: Context, pulses: readonly [Pulse, ...Pulse[]], clock: Clock): Response {
  context.header("Content-Type", "text/event-stream; charset=utf-8");
  // Proxies must not hold events back until a buffer is full.
  context.header("X-Accel-Buffering", "no");
  if (context.req.raw.method === "HEAD") return context.body(null);
  if (pulses.some(({ size }) => size >= MOST_LISTENERS)) return context.text("Too many pages are open", 503);
  return stream(context, async (out) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [first, ...others] = pulses;
    let changed = false;
    const tell = (): void => {
      void out.write(changed ? "event: change\ndata: \n\n" : ":\n\n").catch(resolve);
      changed = false;
    };
    const ends = [first, ...others].map((pulse) =>
      pulse.listen((now) => {
        changed ||= now;
        if (pulse === first) tell();
      })
    );
    out.onAbort(resolve);
    const limit = clock.startTimer(LONGEST_MS, resolve, { background: true });
    try {
      await out.write("retry: 3000\n\n");
      await promise;
    } finally {
      limit.stop();
      for (const end of ends) end();
    }
  });
}
