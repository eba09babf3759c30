import type { IncomingMessage } from 'node:http';
import type { AccessTokenClaims } from '../protocol/access-token.js';
import type { MultiMap } from '../protocol/cloud-event.js';
import { decodeUtf8Header } from '../protocol/utf8-header.codec.js';

// What the `connect` event tells upstream of a client's handshake, by whichever door it came [upstream-events 6.1].

/** Claims by name, each value as text. */
export function readClaims(claims: AccessTokenClaims): MultiMap {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, (Array.isArray(value) ? value : [value]).map(toText)]),
  );
}

/** What an access token says of the client it was made for [auth 3]. */
export interface TokenIdentity {
  /** Absent: anonymous. */
  readonly userId?: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

export function readIdentity(claims: MultiMap): TokenIdentity {
  const userId = claims['sub']?.[0];
  return {
    ...(userId !== undefined && { userId }),
    roles: claims['role'] ?? [],
    groups: claims['webpubsub.group'] ?? [],
  };
}

/** All query parameters but the access token. */
export function readQuery(parameters: URLSearchParams): MultiMap {
  return toMultiMap([...parameters].filter(([name]) => name.toLowerCase() !== 'access_token'));
}

/** The headers in their own casing, without what belongs to the service alone. */
export function readHeaders(request: IncomingMessage): MultiMap {
  const entries: [string, string][] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index];
    if (/^(authorization$|x-asrs-internal-)/i.test(name)) continue;
    entries.push([name, decodeUtf8Header(request.rawHeaders[index + 1])]);
  }
  return toMultiMap(entries);
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toMultiMap(entries: readonly (readonly [string, string])[]): MultiMap {
  const values = new Map<string, string[]>();
  for (const [name, value] of entries) {
    const known = values.get(name);
    if (known) known.push(value);
    else values.set(name, [value]);
  }
  return Object.fromEntries(values);
}
