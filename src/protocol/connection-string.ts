import { formatServiceEndpoint, parseServiceEndpoint } from './service-endpoint.js';

/** What a connection string says: the service's address and one of its access keys. */
export interface ConnectionString {
  /** Without a trailing slash; the `Port` of the string is part of it. */
  readonly endpoint: string;
  /** Key text, used as UTF-8 bytes and never base64-decoded [auth 1]. */
  readonly accessKey: string;
}

/**
 * Reads `Endpoint=https://…;AccessKey=…;Version=1.0;`. Keys are matched case-insensitively, blanks around keys and
 * values are dropped, an endpoint without a scheme is taken as https [auth 1].
 * Throws a TypeError that names what is missing or wrong, never the string itself, which holds a key.
 */
export function parseConnectionString(text: string): ConnectionString {
  const fields = new Map<string, string>();
  for (const segment of text.split(';')) {
    const equals = segment.indexOf('=');
    if (equals > 0) fields.set(segment.slice(0, equals).trim().toLowerCase(), segment.slice(equals + 1).trim());
  }
  const endpoint = fields.get('endpoint');
  const accessKey = fields.get('accesskey');
  if (!endpoint) throw new TypeError('The connection string has no Endpoint.');
  if (!accessKey) throw new TypeError('The connection string has no AccessKey.');
  return { endpoint: normalizeEndpoint(endpoint, fields.get('port')), accessKey };
}

export function formatConnectionString({ endpoint, accessKey }: ConnectionString): string {
  return `Endpoint=${endpoint};AccessKey=${accessKey};Version=1.0;`;
}

function normalizeEndpoint(endpoint: string, port: string | undefined): string {
  const url = parseServiceEndpoint(endpoint);
  if (!url) throw new TypeError('The Endpoint of the connection string is not an https:// or http:// address.');
  if (port !== undefined && port !== '') {
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
      throw new TypeError('The Port of the connection string must be a number from 1 to 65535.');
    }
    url.port = port;
  }
  return formatServiceEndpoint(url);
}
