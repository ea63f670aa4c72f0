/**
 * What is around each page of the guide: the menu, the search, the theme.
 * @module
 */
import { chapters } from "./chapters.ts";
import { escape, type GuidePage } from "./guide.ts";

/** The whole HTML of a page. */
export function layout(page: GuidePage, all: readonly GuidePage[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(page.title)} · Huey</title>
<link rel="stylesheet" href="guide.css">
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header>
<a class="brand" href="index.html">Huey</a>
<div class="search" role="search">
<input id="search" type="search" placeholder="Search the guide  /" aria-label="Search the guide" autocomplete="off">
<ul id="found" aria-live="polite"></ul>
</div>
<a href="api/index.html">API reference</a>
</header>
<div class="columns">
<nav aria-label="Pages">
<details open>
<summary>Pages</summary>
${menu(page, all)}
</details>
</nav>
<main id="content">
${page.html}
</main>
</div>
<script src="search_index.js"></script>
<script src="guide.js"></script>
</body>
</html>
`;
}

function menu(page: GuidePage, all: readonly GuidePage[]): string {
  return chapters.map(({ title, pages }) => {
    const entries = pages.map((source) => {
      const entry = all.find((each) => each.source === source)!;
      const current = entry === page ? ' aria-current="page"' : "";
      return `<li><a href="${entry.file}"${current}>${escape(entry.title)}</a></li>`;
    });
    return `<h2>${escape(title)}</h2>\n<ul>\n${entries.join("\n")}\n</ul>`;
  }).join("\n");
}
