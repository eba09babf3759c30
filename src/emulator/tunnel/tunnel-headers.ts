import { EVENT_HEADERS } from '../../protocol/event-headers.js';
import type { TunnelHeaders } from '../../protocol/tunnel-message.js';
import { encodeUtf8Header } from '../../protocol/utf8-header.codec.js';
import type { UpstreamRequest, UpstreamResponse } from '../core/upstream-transport.js';

/** The tool sets these itself, and breaks on a `Host` in the request [tunnel 5.1]. */
const HEADERS_OF_THE_TOOL = new Set(['host', 'content-length', 'transfer-encoding', 'connection']);

/**
 * As the service writes them: arrays of lines, one signature per line [tunnel 5.1]. The tool hands values to Node's
 * HTTP client, which writes them as latin1 and refuses anything else; so UTF-8 goes in as one character per byte, and
 * upstream receives the bytes that a direct request would have had [assumed].
 */
export function toTunnelHeaders(headers: UpstreamRequest['headers']): TunnelHeaders {
  const result: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (HEADERS_OF_THE_TOOL.has(name.toLowerCase())) continue;
    const lines = typeof value === 'string' ? [value] : value;
    result[name] = (name.toLowerCase() === EVENT_HEADERS.signature ? splitLists(lines) : lines).map(encodeUtf8Header);
  }
  return result;
}

/** Names in lower case; lines of names that differ only in case are joined in order. */
export function fromTunnelHeaders(headers: TunnelHeaders): UpstreamResponse['headers'] {
  const result = new Map<string, string[]>();
  for (const [name, lines] of Object.entries(headers)) {
    const key = name.toLowerCase();
    result.set(key, [...(result.get(key) ?? []), ...lines]);
  }
  return Object.fromEntries(result);
}

function splitLists(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(',')).map((element) => element.trim());
}
