/// <reference lib="dom" />
/**
 * What people cannot read or hit on a page, by the rules of WCAG 2.2: contrast, the order of headings, the size of what is pressed.
 * @module
 */
import type { Page } from "playwright-core";

/** Finds it. */
export async function unreadable(page: Page): Promise<string[]> {
  return [...await page.evaluate(paleTexts), ...await page.evaluate(strayHeadings), ...await page.evaluate(smallTargets)];
}

/** Runs in the browser, as all below. Texts whose contrast is below 4.5, or 3 if they are large. */
function paleTexts(): string[] {
  type Color = readonly [red: number, green: number, blue: number, alpha: number];
  const parse = (text: string): Color => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = text.match(/[\d.]+/g)!.map(Number);
    return [red, green, blue, alpha];
  };
  const over = ([r, g, b, a]: Color, [red, green, blue]: Color): Color => {
    const mix = (top: number, below: number): number => top * a + below * (1 - a);
    return [mix(r, red), mix(g, green), mix(b, blue), 1];
  };
  const light = (color: Color): number => {
    const [red, green, blue] = color.slice(0, 3).map((value) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const behind = (element: Element | null): Color =>
    element === null
      ? [255, 255, 255, 1]
      : over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  const found = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement!;
    const isHidden = element.closest("title, option, dialog:not([open]), :disabled") !== null || element.offsetParent === null;
    if (isHidden || node.textContent!.trim() === "") continue;
    const style = getComputedStyle(element);
    const back = behind(element);
    const lights = [light(over(parse(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = (lights[0]! + 0.05) / (lights[1]! + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    if (ratio < (isLarge ? 3 : 4.5)) found.add(`contrast of ${ratio.toFixed(2)}: ${element.tagName} ${element.className}`);
  }
  return [...found];
}

/** A heading that is two levels below the one before it leaves one out. */
function strayHeadings(): string[] {
  const shown = [...document.querySelectorAll<HTMLElement>("h1, h2, h3, h4")].filter((each) => each.offsetParent !== null);
  const levels = shown.map(({ tagName }) => Number(tagName[1]));
  return shown.filter((_, at) => levels[at]! > (levels[at - 1] ?? 0) + 1).map((each) =>
    `heading ${each.outerHTML.slice(0, 100)}`
  );
}

/** What stands by itself and is lower or narrower than 24 pixels. */
function smallTargets(): string[] {
  return [...document.querySelectorAll("a, button, select, input:not([type=hidden])")].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && Math.min(width, height) < 24 && getComputedStyle(element).display !== "inline";
  }).map((element) => `too small to hit: ${element.outerHTML.slice(0, 100)}`);
}
