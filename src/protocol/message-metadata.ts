import { isHttpToken } from './http-token.js';
import type { MessageMetadata } from './message-data.js';

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
const MAX_KEY_LENGTH = 256;
const MAX_VALUE_LENGTH = 1_024;
const MAX_TOTAL_LENGTH = 8_192;

export type MetadataVerdict =
  | { readonly isValid: true; readonly metadata: MessageMetadata }
  /** In words; names the key, never the value. */
  | { readonly isValid: false; readonly problem: string };

/**
 * Checks metadata as the service does [client-websocket 5.5]: keys are HTTP tokens of at most 256 characters, each once;
 * values ASCII of at most 1,024; both together at most 8,192 characters.
 */
export function validateMetadata(entries: Iterable<readonly [string, string]>): MetadataVerdict {
  const checked = new Map<string, string>();
  let total = 0;
  for (const [key, value] of entries) {
    if (key.length > MAX_KEY_LENGTH || !isHttpToken(key))
      return invalid(`the metadata key ${JSON.stringify(key)} is invalid`);
    if (checked.has(key)) return invalid(`the metadata key ${key} is given twice`);
    if (value.length > MAX_VALUE_LENGTH)
      return invalid(`the metadata value of ${key} is longer than ${MAX_VALUE_LENGTH}`);
    if (!ASCII.test(value)) return invalid(`the metadata value of ${key} is not ASCII`);
    total += key.length + value.length;
    if (total > MAX_TOTAL_LENGTH) return invalid(`the metadata is longer than ${MAX_TOTAL_LENGTH} characters`);
    checked.set(key, value);
  }
  // fromEntries defines properties, so a key such as __proto__ stays one.
  return { isValid: true, metadata: Object.fromEntries(checked) };
}

function invalid(problem: string): MetadataVerdict {
  return { isValid: false, problem };
}
