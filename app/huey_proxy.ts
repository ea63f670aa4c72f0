/**
 * The configured Huey as one object that is there before the configuration is.
 * @module
 */
import type { Huey } from "../lib/huey/huey.ts";
import { currentApplication } from "./application.ts";

/** Each use is passed on to the Huey of the moment; methods run on that one. */
const handler: ProxyHandler<object> = {
  get(_, key) {
    const { huey } = currentApplication();
    const value: unknown = Reflect.get(huey, key, huey);
    return typeof value === "function" && !Object.hasOwn(huey, key) ? value.bind(huey) : value;
  },
  set: (_, key, value) => Reflect.set(currentApplication().huey, key, value),
  has: (_, key) => Reflect.has(currentApplication().huey, key),
  getPrototypeOf: () => Reflect.getPrototypeOf(currentApplication().huey),
};

/**
 * The Huey that is configured.
 * @throws {ConfigurationError} At the first use, if nothing is configured.
 */
export const huey: Huey = new Proxy({}, handler) as Huey;
