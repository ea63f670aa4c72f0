/** The module that the tests of the command line name. */
import process from "node:process";
import type { Huey } from "../../lib/huey/huey.ts";
import { makeApplication } from "./_tasks.ts";

export const huey: Huey = makeApplication(process.env.HUEY_TEST_FILE!).huey;
