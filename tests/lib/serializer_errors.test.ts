import { types } from "node:util";
import { describe, expect, test } from "bun:test";
import * as errors from "../../lib/errors.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";

const serializer = new Serializer();
const roundTrip = <T>(value: T): T => serializer.deserialize(serializer.serialize(value)) as T;

describe("built-in errors", () => {
  for (const make of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
    test(make.name, () => {
      const error = new make("message");
      const read = roundTrip(error);
      expect(Object.getPrototypeOf(read)).toBe(make.prototype);
      expect(types.isNativeError(read)).toBe(true);
      expect([read.name, read.message, read.stack]).toEqual([error.name, "message", error.stack]);
      expect(Object.keys(read)).toEqual([]);
    });
  }

  test("causes, of any type", () => {
    const read = roundTrip(new Error("a", { cause: new TypeError("b", { cause: [1n] }) }));
    const cause = read.cause as Error;
    expect(cause).toBeInstanceOf(TypeError);
    expect(cause.cause).toEqual([1n]);
    expect(Object.hasOwn(roundTrip(new Error("a")), "cause")).toBe(false);
    expect(Object.hasOwn(roundTrip(new Error("a", { cause: undefined })), "cause")).toBe(true);
  });

  test("AggregateError", () => {
    const read = roundTrip(new AggregateError([new RangeError("a"), "b"], "both"));
    expect(read).toBeInstanceOf(AggregateError);
    expect(read.message).toBe("both");
    expect(read.errors[0]).toBeInstanceOf(RangeError);
    expect(read.errors[1]).toBe("b");
  });

  test("own properties", () => {
    const error = Object.assign(new Error("gone"), { code: "ENOENT", errno: -2, at: new Date(1) });
    const read = roundTrip(error);
    expect({ ...read } as object).toEqual({ code: "ENOENT", errno: -2, at: new Date(1) });
  });

  test("DOMException", () => {
    const read = roundTrip(new DOMException("stopped", "AbortError"));
    expect(read).toBeInstanceOf(DOMException);
    expect([read.name, read.message, read.code]).toEqual(["AbortError", "stopped", 20]);
  });

  test("an unknown class becomes Error, the name stays", () => {
    class PaymentError extends TypeError {
      override name = "PaymentError";
      readonly amount = 5;
    }
    const read = roundTrip(new PaymentError("declined"));
    expect(Object.getPrototypeOf(read)).toBe(Error.prototype);
    expect([String(read), read.amount]).toEqual(["PaymentError: declined", 5]);
  });
});

describe("errors of this library", () => {
  const metadata = { error: "Error: x", traceback: "at", taskId: "1", retries: 2, outcome: "failed" } as const;
  const SAMPLES: [string, Error][] = [
    ["HueyException", new errors.HueyException("m")],
    ["ConfigurationError", new errors.ConfigurationError("m")],
    ["TaskLockedException", new errors.TaskLockedException("backup")],
    ["TaskException", new errors.TaskException(metadata, { cause: new TypeError("t") })],
    ["ResultTimeout", new errors.ResultTimeout("m")],
    ["TaskTimeout", new errors.TaskTimeout("m")],
    ["RateLimitExceeded", new errors.RateLimitExceeded("api", 1.5, false)],
    ["UnknownTaskError", new errors.UnknownTaskError("add")],
    ["DecodeError", new errors.DecodeError("m")],
    ["WorkerLostError", new errors.WorkerLostError("m")],
    ["StorageError", new errors.StorageError("m")],
    ["RetryTask", new errors.RetryTask("m", { eta: new Date(5) })],
    ["CancelExecution", new errors.CancelExecution({ retry: false })],
  ];

  test("all are covered", () => {
    expect(SAMPLES.map(([name]) => name).sort()).toEqual(Object.keys(errors).sort());
  });

  for (const [name, error] of SAMPLES) {
    test(name, () => {
      const read = roundTrip(error);
      expect(read.constructor).toBe(error.constructor);
      expect([read.name, read.message, read.stack]).toEqual([error.name, error.message, error.stack]);
      expect({ ...error, ...read }).toEqual({ ...error });
      expect([String(read.cause), Object.hasOwn(read, "cause")]).toEqual([String(error.cause), Object.hasOwn(error, "cause")]);
    });
  }
});

describe("storing a failure does not fail", () => {
  test("what cannot travel is left out", () => {
    const error = Object.assign(new Error("m", { cause: () => 1 }), {
      code: 7,
      socket: new (class Socket {})(),
      retry: () => 1,
      request: { headers: { a: Symbol("s") } },
    });
    const read = roundTrip({ list: [error], after: 1n });
    expect({ ...read.list[0] } as object).toEqual({ code: 7 });
    expect(Object.hasOwn(read.list[0] as object, "cause")).toBe(false);
    expect(read.after).toBe(1n);
  });

  test("an error that is its own cause", () => {
    const error: Error & { me?: unknown } = new Error("loop");
    error.cause = error;
    error.me = { error };
    const read = roundTrip(error);
    expect(read.message).toBe("loop");
    expect(read.cause).toBe(undefined);
  });

  test("getters that throw", () => {
    const error = new Error("m");
    for (const key of ["message", "stack", "code"]) {
      Object.defineProperty(error, key, {
        enumerable: true,
        get: () => {
          throw new Error("no");
        },
      });
    }
    const read = roundTrip(error);
    expect([read.name, read.message]).toEqual(["Error", ""]);
  });

  test("nothing takes the place of a method, so that the error can be shown", () => {
    const own = { toString: 5, valueOf: { $: "undefined" }, constructor: 1, hasOwnProperty: 1, code: 7 };
    const record = { $: "Error", v: { name: "Error", message: "m", own } };
    const read = serializer.deserialize(new TextEncoder().encode(JSON.stringify(record))) as Error;
    expect([`${read}`, { ...read } as object, read.constructor]).toEqual(["Error: m", { code: 7 }, Error]);
  });

  test("toJSON of an error is not asked", () => {
    const read = roundTrip(Object.assign(new Error("m"), { toJSON: () => "json", code: 1 }));
    expect(read).toBeInstanceOf(Error);
  });
});
