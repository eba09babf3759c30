const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes as JSON text, as they stand but for a byte order mark; undefined when they are not JSON in UTF-8. */
export function decodeJsonText(bytes: Uint8Array): string | undefined {
  return parseJson(bytes)?.text;
}

/** Undefined when the bytes are not JSON in UTF-8. */
export function parseJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const text = STRICT_UTF8.decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Whether the text is JSON: any value, primitives among them. */
export function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value that JSON was parsed to is an object, and no list. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
