// The search of the guide, and the menu on a telephone. The pages can be read without it.
const input = document.getElementById("search");
const found = document.getElementById("found");
const MOST = 12;

/** Sections that have all words; those with a word in their heading first. */
function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const score = ({ title, text, page }) => {
    const [head, body] = [`${title} ${page}`.toLowerCase(), text.toLowerCase()];
    if (!words.every((word) => head.includes(word) || body.includes(word))) return 0;
    return 1 + words.filter((word) => head.includes(word)).length * 10;
  };
  return globalThis.SEARCH_INDEX.map((section) => ({ section, score: score(section) })).filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score).slice(0, MOST).map(({ section }) => section);
}

function show() {
  found.replaceChildren(
    ...search(input.value).map(({ title, href, text, page }) => {
      const [item, link, more] = ["li", "a", "small"].map((name) => document.createElement(name));
      link.href = href;
      link.textContent = title === page ? title : `${page}: ${title}`;
      more.textContent = text;
      link.append(more);
      item.append(link);
      return item;
    }),
  );
}

input.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  }
  if (event.key === "Escape") {
    input.value = "";
    show();
  }
  if (event.key === "Enter" && document.activeElement === input) found.querySelector("a")?.click();
});
found.addEventListener("click", () => found.replaceChildren());
if (matchMedia("(max-width: 50rem)").matches) document.querySelector("nav details").removeAttribute("open");
