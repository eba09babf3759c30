/**
 * How connection states become the value of `ce-connectionState` and back. The service keeps that value without reading
 * it; the two official SDKs write it differently [upstream-events 5]:
 *
 * - `json`: base64 of the JSON object of the states;
 * - `dotnet`: base64 of a JSON object whose values are each the base64 of the value's bytes, which are JSON unless the
 *   application stored raw bytes.
 */
export type ConnectionStateForm = 'json' | 'dotnet';

/** States by name, in the order they were written. Values are JSON values; in the `dotnet` form also bytes. */
export type ConnectionStateValues = Map<string, unknown>;

/** A state header that nobody could have written: not base64, not UTF-8, or not a JSON object. */
export class BadConnectionStateError extends Error {
  override readonly name = 'BadConnectionStateError';

  /** `reason` is fit for an answer: it says what is wrong and nothing of the value. */
  constructor(readonly reason: string) {
    super(reason);
  }
}

/**
 * Reads a state header; absent and empty both mean that there are no states. With the `dotnet` form, an object whose
 * values are not all base64, padded as .NET demands it, was written in the `json` form and is read as that, so that the
 * form of an application can be changed while clients are connected [assumed]. Throws a `BadConnectionStateError`.
 */
export function decodeStateHeader(header: string | undefined, form: ConnectionStateForm): ConnectionStateValues {
  const text = header?.trim() ?? '';
  if (text === '') return new Map();
  const entries = Object.entries(parseObject(decodeText(text)));
  if (form === 'dotnet' && entries.every(([, value]) => typeof value === 'string' && isPaddedBase64(value))) {
    return new Map(entries.map(([name, value]) => [name, decodeDotnetValue(value as string)]));
  }
  return new Map(entries);
}

/** Writes a state header. No states at all give the empty header, the only way to clear [upstream-events 5]. */
export function encodeStateHeader(states: ReadonlyMap<string, unknown>, form: ConnectionStateForm): string {
  if (states.size === 0) return '';
  const encodeValue = form === 'dotnet' ? encodeDotnetValue : encodeJsonValue;
  const written = Object.fromEntries([...states].map(([name, value]) => [name, encodeValue(value)]));
  return Buffer.from(JSON.stringify(written), 'utf8').toString('base64');
}

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const PADDED_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isBase64(text: string): boolean {
  return text === '' || (BASE64.test(text) && text.replaceAll('=', '').length % 4 !== 1);
}

function isPaddedBase64(text: string): boolean {
  return PADDED_BASE64.test(text);
}

function decodeText(base64: string): string {
  if (!isBase64(base64)) throw new BadConnectionStateError('The ce-connectionState header is not base64.');
  try {
    return strictUtf8.decode(Buffer.from(base64, 'base64'));
  } catch {
    throw new BadConnectionStateError('The ce-connectionState header is not UTF-8 text in base64.');
  }
}

function parseObject(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new BadConnectionStateError('The ce-connectionState header does not hold JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadConnectionStateError('The ce-connectionState header does not hold a JSON object.');
  }
  return value;
}

function decodeDotnetValue(base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64');
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch {
    return bytes;
  }
}

/** Bytes become a base64 string, as they do everywhere else in the service's JSON. */
function encodeJsonValue(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function encodeDotnetValue(value: unknown): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(JSON.stringify(value), 'utf8');
  return bytes.toString('base64');
}
