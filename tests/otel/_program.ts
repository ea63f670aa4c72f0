/** A program of an application that is traced, without any SDK. */
import * as api from "@opentelemetry/api";
import { Consumer, MemoryHuey } from "../../mod.ts";
import { traceTasks } from "../../otel/mod.ts";

await using huey = new MemoryHuey("shop");
traceTasks(huey, api);
const add = huey.task("add", (a: number, b: number) => a + b);
await add(1, 2);
await using consumer = new Consumer(huey);
await consumer.start();
await consumer.waitFor("idle");
