import { isUtf8 } from 'node:buffer';

// Node shows each byte of a header value as one latin1 character, and writes them so [upstream-events 4.2].

/** Text as a header value that carries its UTF-8 bytes. */
export function encodeUtf8Header(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text whose UTF-8 bytes a header value carries; a value that is no such thing stays as it is. */
export function decodeUtf8Header(value: string): string {
  let isAscii = true;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    // Not from an HTTP parser: it is Unicode already.
    if (code > 0xff) return value;
    if (code > 0x7f) isAscii = false;
  }
  if (isAscii) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}
