import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { DEFAULT_ACCESS_KEY } from '../../src/emulator/access-keys.js';
import { signAccessToken, type AccessTokenClaims } from '../../src/protocol/access-token.js';

export interface RestCallOptions {
  /** `undefined` takes a header away that is there by itself. */
  readonly headers?: OutgoingHttpHeaders;
  /** Objects go as JSON, with its content type unless another is given. */
  readonly body?: string | Uint8Array | object;
  /** Claims in the place of those a service client signs. */
  readonly claims?: AccessTokenClaims;
  readonly accessKey?: string;
  /** The value of `Authorization`; null: none. */
  readonly authorization?: string | null;
}

export interface RestReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a body that is JSON. */
  readonly json: unknown;
}

/**
 * One call as it stands, for what service clients do not send: `callRest(emulator, 'POST /api/hubs/chat/:send')`. The path
 * crosses the wire letter by letter.
 */
export async function callRest(
  service: { readonly endpoint: string },
  line: string,
  options: RestCallOptions = {},
): Promise<RestReply> {
  const [method, path] = line.split(/ (.*)/s) as [string, string];
  const { hostname, port, host, origin } = new URL(service.endpoint);
  const body = bodyOf(options.body);
  const headers: OutgoingHttpHeaders = { Host: host };
  if (body !== undefined || method === 'POST' || method === 'PUT') headers['Content-Length'] = body?.byteLength ?? 0;
  if (isObject(options.body)) headers['Content-Type'] = 'application/json';
  const authorization = options.authorization ?? `Bearer ${restToken(origin + path, options)}`;
  if (options.authorization !== null) headers['Authorization'] = authorization;
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
        const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export function restToken(audience: string, { claims, accessKey = DEFAULT_ACCESS_KEY }: RestCallOptions = {}): string {
  return signAccessToken({ aud: audience, exp: Math.floor(Date.now() / 1000) + 60, ...claims }, accessKey);
}

function bodyOf(body: RestCallOptions['body']): Buffer | undefined {
  if (body === undefined) return undefined;
  return isObject(body) ? Buffer.from(JSON.stringify(body)) : Buffer.from(body as string);
}

function isObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array);
}
