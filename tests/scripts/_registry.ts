/** A registry of packages on this machine, as those of npm and JSR answer: what is published is tested as a user gets it. @module */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

type Files = Map<string, Uint8Array>;

/** What deno.json or package.json says of a package. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: unknown;
}

/** A package of JSR. */
interface JsrPackage {
  readonly version: string;
  readonly exports: unknown;
  readonly files: Files;
}

/** The registry: npm's below `/`, JSR's below `/jsr/`. */
export class Registry {
  readonly #server: Server;
  readonly #tarballs = new Map<string, { readonly manifest: Manifest; readonly bytes: Uint8Array }>();
  readonly #jsr = new Map<string, JsrPackage>();
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((answer) => {
        response.writeHead(answer === undefined ? 404 : 200, {
          "content-type": typeof answer === "string" ? "application/json" : "text/plain",
        });
        response.end(answer ?? `{"code":"notFound","message":"not found"}`);
      });
    });
  }

  /** Starts it. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops it. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What makes a program ask this registry. */
  get environment(): Record<string, string> {
    return { NPM_CONFIG_REGISTRY: this.npmUrl, JSR_URL: `${this.npmUrl}jsr/` };
  }

  /** Where npm's packages are. */
  get npmUrl(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Publishes a tarball of `npm pack`. */
  addTarball(file: string): void {
    const bytes = readFileSync(file);
    const manifest = JSON.parse(text(untar(bytes).get("/package/package.json"))) as Manifest;
    this.#tarballs.set(manifest.name, { manifest, bytes });
  }

  /** Publishes a package of JSR. */
  addJsr(name: string, version: string, exports: unknown, files: Readonly<Record<string, string>>): void {
    const entries = Object.entries(files).map(([path, content]) => [path, new TextEncoder().encode(content)] as const);
    this.#jsr.set(name, { version, exports, files: new Map(entries) });
  }

  /** The files of a package of JSR. */
  jsrFiles(name: string): ReadonlyMap<string, string> {
    return new Map([...this.#jsr.get(name)!.files].map(([path, bytes]) => [path, text(bytes)]));
  }

  async #answer(request: IncomingMessage): Promise<string | Uint8Array | undefined> {
    const url = new URL(request.url ?? "/", this.npmUrl);
    const path = decodeURIComponent(url.pathname);
    // Below the root, wherever the rest is.
    if (path.startsWith("/api/")) return await this.#api(request, path.slice("/api".length), url);
    if (path.startsWith("/jsr/")) return this.#jsrFile(path.slice("/jsr/".length));
    if (path.startsWith("/-/tarball/")) return this.#tarballs.get(path.slice("/-/tarball/".length))?.bytes;
    return this.#packument(path.slice(1));
  }

  #packument(name: string): string | undefined {
    const found = this.#tarballs.get(name);
    if (found === undefined) return undefined;
    const { manifest, bytes } = found;
    const digest = (algorithm: string, encoding: "hex" | "base64"): string =>
      createHash(algorithm).update(bytes).digest(encoding);
    const dist = {
      tarball: `${this.npmUrl}-/tarball/${name}`,
      integrity: `sha512-${digest("sha512", "base64")}`,
      shasum: digest("sha1", "hex"),
    };
    const versions = { [manifest.version]: { ...manifest, dist } };
    return JSON.stringify({
      name,
      "dist-tags": { latest: manifest.version },
      versions,
      time: { [manifest.version]: "2026-01-01T00:00:00Z" },
    });
  }

  /** What `deno publish` asks. */
  async #api(request: IncomingMessage, path: string, url: URL): Promise<string | undefined> {
    const [, scope, name, version] = /^\/scopes\/([^/]+)\/packages\/([^/]+)(?:\/versions\/([^/]+))?$/.exec(path) ?? [];
    if (request.method === "POST" && version !== undefined) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const files = untar(Buffer.concat(chunks));
      const manifest = JSON.parse(text(files.get(url.searchParams.get("config")!))) as Manifest;
      this.#jsr.set(`@${scope}/${name}`, { version, exports: manifest.exports, files });
      return JSON.stringify({ id: "task", status: "success" });
    }
    if (path.startsWith("/publishing_tasks/")) return JSON.stringify({ id: "task", status: "success" });
    return version === undefined ? JSON.stringify({ scope, name, id: "id", githubRepository: null }) : undefined;
  }

  #jsrFile(path: string): string | Uint8Array | undefined {
    const [, name = "", rest = ""] = /^(@[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
    const found = this.#jsr.get(name);
    if (found === undefined) return undefined;
    const { version, exports, files } = found;
    if (rest === "meta.json") {
      return JSON.stringify({
        scope: name.slice(1).split("/")[0],
        name: name.split("/")[1],
        latest: version,
        versions: { [version]: {} },
      });
    }
    if (rest === `${version}_meta.json`) {
      const checksum = (bytes: Uint8Array): string => `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
      const manifest = Object.fromEntries(
        [...files].map(([file, bytes]) => [file, { size: bytes.length, checksum: checksum(bytes) }]),
      );
      return JSON.stringify({ exports, manifest });
    }
    return rest.startsWith(`${version}/`) ? files.get(rest.slice(version.length)) : undefined;
  }
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** The files of a compressed tar archive, by path with a leading slash. */
function untar(compressed: Uint8Array): Files {
  const bytes = new Uint8Array(gunzipSync(compressed));
  const files: Files = new Map();
  const field = (at: number, length: number): string => text(bytes.subarray(at, at + length)).split("\0")[0]!;
  let longName = "";
  for (let at = 0; at < bytes.length - 512 && field(at, 100) !== "";) {
    const size = parseInt(field(at + 124, 12), 8) || 0;
    const [type, content] = [String.fromCharCode(bytes[at + 156]!), bytes.slice(at + 512, at + 512 + size)];
    const prefix = field(at + 345, 155);
    const name = longName || (prefix === "" ? "" : `${prefix}/`) + field(at, 100);
    longName = type === "L" ? text(content).split("\0")[0]! : "";
    if (type === "0" || type === "\0") files.set(`/${name.replace(/^\.?\//, "")}`, content);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
