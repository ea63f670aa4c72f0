/**
 * The module that the consumer and each of its workers import for an application that was found by its configuration. What to load
 * comes from the environment, which Web Workers and child processes share: on Bun a module does not see the query of its URL.
 * @module
 */
import process from "node:process";
import type { Huey } from "../lib/huey/huey.ts";
import type { ConsumerSettings } from "./settings.ts";
import { loadApplication, type Place, PLACE_VARIABLE } from "./load.ts";

const application = await loadApplication(JSON.parse(process.env[PLACE_VARIABLE] ?? "{}") as Place);

/** Options of the consumer, from the settings. */
export const consumer: ConsumerSettings = application.consumer;

const huey: Huey = application.huey;
export default huey;
