/** The text behind percent-encoding. One with a broken escape stands for itself: it then names nothing that exists. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
