// oxlint-disable-next-line no-control-regex
const NO_CONTROLS = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;
const PRINTABLE_ASCII = /^[\t\x20-\x7e]*$/;

/** Whether a header value can hold the text as UTF-8: no control characters but tabs [RFC 9110 5.5]. */
export function isHeaderText(text: string): boolean {
  return NO_CONTROLS.test(text);
}

/** Whether a header value can hold the text as it is. */
export function isAsciiHeaderText(text: string): boolean {
  return PRINTABLE_ASCII.test(text);
}
