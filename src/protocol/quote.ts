/** What JSON leaves as it is, though it moves a terminal's cursor or ends a line. */
// oxlint-disable-next-line no-control-regex
const MORE_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;
const MAX_LENGTH = 200;

/** A stranger's text, fit for one line of a log: in quotes, at most 200 characters of it, no control characters. */
export function quote(text: string): string {
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return JSON.stringify(shown).replaceAll(
    MORE_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
