import { parse, stringify } from 'lossless-json';

/** Bytes in the form in which a person reads them. */
export interface BodyView {
  /** `hex`: sixteen bytes a line, with offset and printable characters. */
  readonly kind: 'json' | 'text' | 'hex';
  readonly text: string;
  readonly byteLength: number;
  /** Less than `byteLength` when the view was cut. */
  readonly shownBytes: number;
  readonly contentType?: string;
}

const MAX_TEXT_BYTES = 256 * 1024;
const MAX_HEX_BYTES = 8 * 1024;
const HEX_LINE_BYTES = 16;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The content type decides; bytes that are no such text are shown as hex, and JSON is found without a type too. */
export function viewBody(body: Uint8Array | string, contentType?: string): BodyView {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const base = { byteLength: bytes.length, ...(contentType !== undefined && { contentType }) };
  const text = isBinaryType(contentType) ? undefined : decodeText(bytes);
  if (text === undefined) {
    const shownBytes = Math.min(bytes.length, MAX_HEX_BYTES);
    return { ...base, kind: 'hex', text: hexDump(bytes.subarray(0, shownBytes)), shownBytes };
  }
  if (bytes.length > MAX_TEXT_BYTES) {
    const cut = Buffer.from(bytes.subarray(0, MAX_TEXT_BYTES)).toString();
    return { ...base, kind: 'text', text: cut, shownBytes: MAX_TEXT_BYTES };
  }
  const json = mayBeJson(contentType) ? formatJson(text) : undefined;
  return { ...base, kind: json === undefined ? 'text' : 'json', text: json ?? text, shownBytes: bytes.length };
}

/** Indented; every digit of a number stays. Undefined when the text is not JSON. */
export function formatJson(text: string): string | undefined {
  try {
    return stringify(parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}

export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += HEX_LINE_BYTES) {
    const line = [...bytes.subarray(offset, offset + HEX_LINE_BYTES)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${offset.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * HEX_LINE_BYTES - 1)}  ${text}`);
  }
  return lines.join('\n');
}

function mediaType(contentType: string | undefined): string {
  return contentType?.split(';')[0]!.trim().toLowerCase() ?? '';
}

function isBinaryType(contentType: string | undefined): boolean {
  return /^application\/(octet-stream|x-protobuf)$|^(image|audio|video)\//.test(mediaType(contentType));
}

function mayBeJson(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === '' || /[/+]json$/.test(type);
}

/** Undefined when the bytes are not UTF-8, or hold what no text holds. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(bytes);
    // oxlint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
