import { afterEach, describe, expect, test } from "bun:test";
import { configureSync, resetSync } from "@logtape/logtape";
import type { LogRecord } from "@logtape/logtape";
import { partLogger } from "../../consumer/loggers.ts";
import { checkLogger, defaultLogger, logs } from "../../lib/logger.ts";
import type { Logger } from "../../lib/types/options.ts";
import { logbook } from "../helpers.ts";

const records: LogRecord[] = [];

function configure(lowestLevel: "debug" | "warning"): void {
  configureSync({
    reset: true,
    sinks: { records: (record) => void records.push(record) },
    loggers: [
      { category: ["huey"], sinks: ["records"], lowestLevel },
      { category: ["logtape", "meta"], lowestLevel: "fatal" },
    ],
  });
}

function seen(): unknown[] {
  return records.map(({ category, level, rawMessage, properties }) => [category.join("."), level, rawMessage, properties]);
}

afterEach(() => {
  resetSync();
  records.length = 0;
});

describe("the default logger", () => {
  test("says nothing before LogTape is configured, and everything that is asked for after that", () => {
    const logger = defaultLogger();
    logger.error("too early");
    expect(logs(logger, "error")).toBe(false);
    configure("debug");
    const error = new Error("broken");
    logger.debug("one");
    logger.info("two");
    logger.warn("three {n}", { n: 3 });
    logger.error("four", { error });
    expect(seen()).toEqual([
      ["huey", "debug", "one", {}],
      ["huey", "info", "two", {}],
      ["huey", "warning", "three {n}", { n: 3 }],
      ["huey", "error", "four", { error }],
    ]);
  });

  test("tells which levels are read", () => {
    const logger = defaultLogger();
    configure("warning");
    expect((["debug", "info", "warn", "error"] as const).map((level) => logs(logger, level))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("has loggers below it", () => {
    const logger = partLogger(defaultLogger(), "consumer", "Worker");
    configure("debug");
    logger.info("here");
    expect(seen()).toEqual([["huey.consumer.Worker", "info", "here", {}]]);
  });
});

test("a logger of the application must have four methods", () => {
  const { logger } = logbook();
  expect(checkLogger(logger)).toBe(logger);
  expect(() => checkLogger({ ...console, warn: undefined } as unknown as Logger)).toThrow("warn is missing");
});
