import { METADATA_HEADER_PREFIX } from '../../protocol/event-headers.js';
import type { MessageMetadata } from '../../protocol/message-data.js';
import { validateMetadata } from '../../protocol/message-metadata.js';
import { restErrors } from './rest.errors.js';

/**
 * Metadata from the headers of a send, given as names and values in turn. Of a header that repeats the last line counts,
 * and of a line what stands after its last comma [rest-api 5.4]. Throws 400; absent when there are none.
 */
export function readRestMetadata(rawHeaders: readonly string[]): MessageMetadata | undefined {
  const metadata = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase();
    if (!name.startsWith(METADATA_HEADER_PREFIX)) continue;
    const line = rawHeaders[index + 1];
    metadata.set(name.slice(METADATA_HEADER_PREFIX.length), line.slice(line.lastIndexOf(',') + 1).trim());
  }
  if (metadata.size === 0) return undefined;
  const verdict = validateMetadata(metadata);
  if (!verdict.isValid) throw restErrors.badRequest(`Invalid metadata: ${verdict.problem}.`);
  return verdict.metadata;
}
