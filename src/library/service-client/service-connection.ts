import { AzureKeyCredential } from '@azure/web-pubsub';
import type { TokenCredential } from '@azure/core-auth';
import { parseConnectionString, type ConnectionString } from '../../protocol/connection-string.js';
import { isLoopbackName } from '../../protocol/loopback.js';
import { formatServiceEndpoint, parseServiceEndpoint } from '../../protocol/service-endpoint.js';
import { StartUpError } from '../errors/start-up.error.js';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import {
  badConnectionString,
  CREDENTIAL_EMPTY,
  CREDENTIAL_MISSING,
  CREDENTIAL_UNKNOWN,
  ENDPOINT_MISSING,
  ENDPOINT_NOT_ADDRESS,
  insecureEndpoint,
  QUOTED,
  tokenOverHttp,
} from './service-client.messages.js';

/** How the service is called. */
export interface ServiceConnection {
  readonly endpoint: string;
  readonly credential: AzureKeyCredential | TokenCredential;
  /** The endpoint is `http://`, and that is in order. */
  readonly isInsecureAllowed: boolean;
}

/**
 * Where the service client connects to: `endpoint` with `credential`, else the first connection string; `undefined` when
 * neither is given. Throws a `StartUpError` for `http://` endpoints that are not on this machine, unless
 * `serviceClientOptions.allowInsecureConnection` is written, and for a `TokenCredential` over `http://` [auth 5, 12].
 */
export function readServiceConnection(options: WebPubSubModuleOptions): ServiceConnection | undefined {
  const connection = readEndpointAndCredential(options) ?? readFirstConnectionString(options);
  if (!connection) return undefined;
  const { endpoint, credential } = connection;
  const url = new URL(endpoint);
  if (url.protocol === 'https:') return { endpoint, credential, isInsecureAllowed: false };
  if (!isKeyCredential(credential)) throw new StartUpError(tokenOverHttp(endpoint));
  if (!isLoopbackHost(url.hostname) && options.serviceClientOptions?.allowInsecureConnection !== true) {
    throw new StartUpError(insecureEndpoint(endpoint));
  }
  return { endpoint, credential, isInsecureAllowed: true };
}

/**
 * All connection strings of the options; empty and absent ones are left out. Throws a `StartUpError` that says which one is
 * wrong, without its text.
 */
export function connectionStringsOf({ connectionString }: WebPubSubModuleOptions): ConnectionString[] {
  const texts = typeof connectionString === 'string' ? [connectionString] : (connectionString ?? []);
  return texts.flatMap((text, index) => {
    if (!text) return [];
    try {
      return parseConnectionString(text);
    } catch (error) {
      const problem = isQuoted(text) ? QUOTED : (error as Error).message;
      throw new StartUpError(badConnectionString(index, texts.length, problem));
    }
  });
}

/** As shells take quotes away, and `docker run --env-file` does not. */
function isQuoted(text: string): boolean {
  return /^\s*["'`\u2018\u201c]/.test(text);
}

/** Addresses of every service that the options name. */
export function endpointsOf(options: WebPubSubModuleOptions): string[] {
  const own = options.endpoint ? [normalizeEndpoint(options.endpoint)] : [];
  return [...own, ...connectionStringsOf(options).map(({ endpoint }) => endpoint)];
}

/** By shape: an application may have another copy of the class. */
export function isKeyCredential(credential: unknown): credential is AzureKeyCredential {
  return (
    typeof credential === 'object' && credential !== null && typeof (credential as { key?: unknown }).key === 'string'
  );
}

/** With a blank key anybody could sign; `AzureKeyCredential.update` takes anything. */
export function isUsableKey(key: unknown): key is string {
  return typeof key === 'string' && key.trim() !== '';
}

/**
 * Whether a host of a URL is this machine. Names below `localhost` are too [RFC 6761 6.3]: whoever configures an
 * application answers for what they resolve to.
 */
export function isLoopbackHost(hostname: string): boolean {
  return isLoopbackName(hostname) || hostname.toLowerCase().endsWith('.localhost');
}

function readEndpointAndCredential({ endpoint, credential }: WebPubSubModuleOptions) {
  if (!endpoint) {
    if (credential) throw new StartUpError(ENDPOINT_MISSING);
    return undefined;
  }
  if (!credential) throw new StartUpError(CREDENTIAL_MISSING);
  if (!isKeyCredential(credential) && typeof credential.getToken !== 'function') {
    throw new StartUpError(CREDENTIAL_UNKNOWN);
  }
  if (isKeyCredential(credential) && !isUsableKey(credential.key)) throw new StartUpError(CREDENTIAL_EMPTY);
  return { endpoint: normalizeEndpoint(endpoint), credential };
}

function readFirstConnectionString(options: WebPubSubModuleOptions) {
  const [first] = connectionStringsOf(options);
  return first && { endpoint: first.endpoint, credential: new AzureKeyCredential(first.accessKey) };
}

function normalizeEndpoint(endpoint: string): string {
  const url = parseServiceEndpoint(endpoint);
  if (!url) throw new StartUpError(ENDPOINT_NOT_ADDRESS);
  return formatServiceEndpoint(url);
}
