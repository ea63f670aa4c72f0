/**
 * The documentation's code as files: collects it, and writes it where the project's packages are found.
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findFiles, projectRoot } from "../project.ts";
import { readExports } from "./deno_doc.ts";
import { type Block, findBlocks } from "./markdown.ts";

/** A code block of the documentation, written to a file. */
export interface Snippet {
  /** Where it is: document and line, or file and export. */
  readonly source: string;
  readonly mode: Block["mode"];
  /** The file that it was written to. */
  readonly path: string;
  readonly code: string;
  /** Others of its document import it by its name. */
  readonly isNamed: boolean;
}

/**
 * Writes all snippets, uses them, and removes them again.
 * @param use What to do with the snippets meanwhile; it is also given the folder that they are in.
 * @param root The project's folder.
 * @returns What `use` gives.
 * @throws {Error} when a block has a wrong marker or two blocks of a document have the same file name.
 */
export async function withSnippets<T>(
  use: (snippets: Snippet[], folder: string) => Promise<T>,
  root: string = projectRoot,
): Promise<T> {
  const parent = join(root, ".tools");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "snippets-"));
  try {
    const snippets = await collectSnippets(root, folder);
    writeSettings(root, folder);
    for (const snippet of snippets) {
      if (existsSync(snippet.path)) throw new Error(`${snippet.source}: the document has another block with this file name`);
      mkdirSync(dirname(snippet.path), { recursive: true });
      writeFileSync(snippet.path, `${pointAtProject(root, snippet.code)}\nexport {};\n`);
    }
    return await use(snippets, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function collectSnippets(root: string, folder: string): Promise<Snippet[]> {
  const documents = [...findFiles(root, "README.md", ".md"), ...findFiles(root, "docs", ".md")];
  const written = documents.flatMap((document) =>
    blocksOf(document, readFileSync(join(root, document), "utf8")).map((block) =>
      makeSnippet(folder, document, `${document}:${block.line}`, `line_${block.line}.ts`, block)
    )
  );
  const doors = ["mod.ts", "app/mod.ts", "dashboard/mod.ts", "otel/mod.ts", "testing/mod.ts"].filter((door) =>
    existsSync(join(root, door))
  );
  const items = (await Promise.all(doors.map((door) => readExports(root, door)))).flat();
  const docstrings = items.flatMap((item) => {
    const source = `${item.file} ${item.path}`;
    const text = [item.doc, ...item.tags.filter((tag) => tag.kind === "example").map((tag) => tag.doc ?? "")].join("\n");
    return blocksOf(source, text).map((block, index) =>
      makeSnippet(folder, item.file, `${source} ${index + 1}`, `${item.path.replace(/\W+/g, "_")}_${index + 1}.ts`, block)
    );
  });
  return [...written, ...docstrings].filter((snippet) => snippet.mode !== "ignore");
}

function blocksOf(source: string, text: string): Block[] {
  try {
    return findBlocks(text);
  } catch (error) {
    throw new Error(`${source}: ${(error as Error).message}`);
  }
}

function makeSnippet(folder: string, document: string, source: string, name: string, block: Block): Snippet {
  const path = join(folder, document.replaceAll("/", "_"), block.file ?? name);
  return { source, mode: block.mode, path, code: block.code, isNamed: block.file !== undefined };
}

/** The project's own settings, without the rule of tsconfig.json that exports name their types. */
function writeSettings(root: string, folder: string): void {
  const { compilerOptions } = readJson(root, "deno.json");
  const { dependencies, devDependencies } = readJson(root, "package.json");
  const files = {
    "deno.json": { nodeModulesDir: "manual", compilerOptions },
    // Deno looks for packages only beside a package.json that asks for them.
    "package.json": { type: "module", dependencies, devDependencies },
    "tsconfig.json": {
      extends: "../../tsconfig.json",
      compilerOptions: { declaration: false, isolatedDeclarations: false },
      include: ["**/*.ts"],
      exclude: ["node_modules"],
    },
  };
  for (const [name, settings] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(settings));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

/** Snippets import the package by its name; here it is the project itself. */
function pointAtProject(root: string, code: string): string {
  const { name, exports } = readJson(root, "deno.json");
  const targets = Object.entries<string>(exports).map(([key, file]) =>
    [`"${name}${key.slice(1)}"`, `"${join(root, file)}"`] as const
  );
  return targets.reduce((text, [from, to]) => text.replaceAll(from, to), code);
}

// deno-lint-ignore no-explicit-any -- the shape is the file's
function readJson(root: string, name: string): any {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}
