import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { projectRoot, tool } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly spanId: string }[];
}

test("Deno's own exporter sends the spans, without an SDK", async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => body += data);
    request.on("end", () => {
      if (request.url === "/v1/traces") bodies.push(body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const ended = await runCommand({
    argv: [tool("deno"), "run", "-A", "--no-check", "tests/otel/_program.ts"],
    cwd: projectRoot,
    limitMs: 60_000,
    env: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    },
  });
  collector.closeAllConnections();
  collector.close();
  expect(ended.output).toBe("");
  const spans = bodies.flatMap((body) => JSON.parse(body).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope): Span[] => scope.scope.name === "@hueyjs/huey" ? scope.spans : []);
  const [call, attempt] = ["enqueue shop", "execute shop"].map((name) => spans.find((span) => span.name === name));
  expect([call!.kind, attempt!.kind]).toEqual([4, 5]);
  expect(attempt!.links!.map(({ spanId }) => spanId)).toEqual([call!.spanId]);
}, 90_000);
