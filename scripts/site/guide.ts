/**
 * Markdown pages as HTML pages with a menu and a search, which work from disk.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { Marked, type Tokens } from "marked";
import { chapters } from "./chapters.ts";

/** A page of the guide. */
export interface GuidePage {
  /** Markdown, relative to the project. */
  readonly source: string;
  /** Name of the HTML file. */
  readonly file: string;
  readonly title: string;
  readonly html: string;
  /** What the search finds. */
  readonly sections: readonly Section[];
}

/** A heading with the words below it. */
export interface Section {
  readonly title: string;
  /** Address within the guide. */
  readonly href: string;
  readonly text: string;
}

/** So much of a section is searched. */
const MOST_TEXT = 600;

/**
 * Reads all pages.
 *
 * @param root Folder of the project.
 * @throws {Error} If a page of docs/ is in no chapter, or a chapter names one that is not there.
 */
export function readGuide(root: string): GuidePage[] {
  const sources = chapters.flatMap(({ pages }) => pages);
  const missing = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && !sources.includes(`docs/${name}`));
  if (missing.length > 0) throw new Error(`In no chapter of the guide: ${missing.join(", ")}`);
  const absent = sources.filter((source) => !existsSync(join(root, source)));
  if (absent.length > 0) throw new Error(`The guide names pages that are not there: ${absent.join(", ")}`);
  return sources.map((source) => readPage(root, source));
}

/** The HTML file of a Markdown page; `undefined` for one that is not in the guide. */
export function fileOf(source: string): string | undefined {
  if (!chapters.some(({ pages }) => pages.includes(source))) return undefined;
  if (source === "README.md") return "index.html";
  // Beside docs/security.md there is SECURITY.md.
  return `${source.startsWith("docs/") ? "" : "project-"}${basename(source, ".md").toLowerCase()}.html`;
}

function readPage(root: string, source: string): GuidePage {
  const file = fileOf(source)!;
  const sections: { title: string; href: string; text: string }[] = [];
  const slugs = new Map<string, number>();
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading): string {
        const id = slugOf(text, slugs);
        sections.push({ title: plain(text), href: `${file}#${id}`, text: "" });
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        return `<a href="${escape(targetOf(root, source, href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        return `<img src="${escape(targetOf(root, source, href))}" alt="${escape(text)}" loading="lazy">`;
      },
    },
    walkTokens: (token) => {
      const last = sections.at(-1);
      if (last !== undefined && token.type === "paragraph") last.text = `${last.text} ${plain(token.raw)}`.slice(0, MOST_TEXT);
    },
  });
  const html = marked.parse(readFileSync(join(root, source), "utf8")) as string;
  return { source, file, title: sections[0]?.title ?? source, html, sections };
}

/** Where a link leads in the site: to a page of the guide, to a picture beside it, or to the project. */
function targetOf(root: string, source: string, href: string): string {
  if (/^[a-z]+:|^#/.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const target = posix.normalize(posix.join(dirname(source), path));
  const suffix = anchor === undefined ? "" : `#${anchor}`;
  const file = fileOf(target);
  if (file !== undefined) return `${file}${suffix}`;
  if (/\.(png|svg)$/.test(target)) return `pictures/${basename(target)}`;
  if (!existsSync(join(root, target))) throw new Error(`${source}: ${href} leads nowhere`);
  return `https://github.com/hueyjs/huey/blob/main/${target}${suffix}`;
}

/** As the hosts of Markdown make them. */
function slugOf(text: string, taken: Map<string, number>): string {
  const slug = plain(text).toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");
  const count = taken.get(slug) ?? 0;
  taken.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

function plain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "").replaceAll(/\s+/g, " ").trim();
}

/** Text that can stand in HTML. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
