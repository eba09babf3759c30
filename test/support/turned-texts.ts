import type { Page } from 'playwright-core';

/** Names that turn the direction of what stands beside them; the second leaves an isolation of its own by its first character. */
export const TURNING_NAMES = ['\u202Eeve', '\u2069\u202Eeve'] as const;

/** What the matching elements say themselves, as far as its letters and digits run from right to left on the page. */
export function turnedTexts(page: Page, selector: string): Promise<string[]> {
  return page.evaluate<string[]>(String.raw`(() => {
    const leftOf = (text, { index }) => {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + 1);
      return range.getBoundingClientRect().left;
    };
    const isTurned = (text) => {
      const letters = [...text.data.matchAll(/[\p{L}\p{N}]/gu)];
      return letters.length > 1 && leftOf(text, letters.at(-1)) < leftOf(text, letters[0]);
    };
    return [...document.querySelectorAll(${JSON.stringify(selector)})]
      .flatMap((element) => [...element.childNodes])
      .filter((node) => node.nodeType === Node.TEXT_NODE && isTurned(node))
      .map((text) => text.data);
  })()`);
}
