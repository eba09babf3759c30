import { StartUpError } from './errors/start-up.error.js';
import type { EntraOptions, UpstreamAuthOptions, WebPubSubModuleOptions } from './web-pubsub-options.interface.js';
import { nearestName } from './nearest-name.js';
import { OPTIONS_MISSING, optionMisspelled, optionWrong } from './web-pubsub-options.messages.js';

/** Every name of an interface, by the compiler's word. */
const namesOf = <T>(names: Record<keyof T, true>): readonly string[] => Object.keys(names);

const OPTION_NAMES = namesOf<WebPubSubModuleOptions>({
  connectionString: true,
  endpoint: true,
  credential: true,
  path: true,
  hubs: true,
  upstreamAuth: true,
  allowedOrigins: true,
  unhandledUserEvents: true,
  attach: true,
  globalEnhancers: true,
  maxBodyBytes: true,
  stateCodec: true,
  maxStateBytes: true,
  idempotency: true,
  observability: true,
  serviceClientOptions: true,
});
const UPSTREAM_AUTH_NAMES = namesOf<UpstreamAuthOptions>({ signature: true, entra: true });
const ENTRA_NAMES = namesOf<EntraOptions>({
  tenantId: true,
  audience: true,
  allowedAppIds: true,
  issuer: true,
  jwksUri: true,
});

/**
 * Options often come from environment variables and files, which no compiler has seen; a limit that is `NaN` would be no
 * limit, and a list that is a text a list of its letters. Throws a `StartUpError` for the first option that is wrong; what
 * concerns keys, endpoints, tenants and the path is checked where it is read. Returns the options.
 */
export function checkOptions(options: WebPubSubModuleOptions): WebPubSubModuleOptions {
  if (typeof options !== 'object' || options === null) throw new StartUpError(OPTIONS_MISSING);
  const { upstreamAuth, idempotency } = options;
  assertConnectionString(options.connectionString);
  assertObject('upstreamAuth', upstreamAuth);
  assertObject('upstreamAuth.entra', upstreamAuth?.entra);
  assertObject('idempotency', idempotency);
  assertSpelling('', options, OPTION_NAMES);
  assertSpelling('upstreamAuth.', upstreamAuth, UPSTREAM_AUTH_NAMES);
  assertSpelling('upstreamAuth.entra.', upstreamAuth?.entra, ENTRA_NAMES);
  assertObject('serviceClientOptions', options.serviceClientOptions);
  assertOneOf('upstreamAuth.signature', upstreamAuth?.signature, ['required', 'off']);
  assertTexts('upstreamAuth.entra.allowedAppIds', upstreamAuth?.entra?.allowedAppIds);
  assertTexts('allowedOrigins', options.allowedOrigins);
  assertTexts('hubs', options.hubs);
  assertOneOf('unhandledUserEvents', options.unhandledUserEvents, ['reject', 'accept']);
  assertOneOf('attach', options.attach, ['server', 'route']);
  assertOneOf('globalEnhancers', options.globalEnhancers, [true, false]);
  assertOneOf('stateCodec', options.stateCodec, ['json', 'dotnet']);
  assertOneOf('observability', options.observability, ['auto', 'off']);
  assertNumber('maxBodyBytes', options.maxBodyBytes, 'bytes');
  assertNumber('maxStateBytes', options.maxStateBytes, 'bytes');
  assertNumber('idempotency.ttlMs', idempotency?.ttlMs, 'milliseconds');
  return options;
}

/** Members of a list may be absent, as when they come from the environment. */
function assertConnectionString(value: unknown): void {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  if (texts.every((text) => isAbsent(text) || typeof text === 'string')) return;
  fail('connectionString', 'a text or a list of texts', value);
}

function assertObject(name: string, value: unknown): void {
  if (isAbsent(value) || typeof value === 'object') return;
  fail(name, 'an object', value);
}

/** What is like no option may be there for another reason; what is like one would be missed where it was meant. */
function assertSpelling(prefix: string, options: object | null | undefined, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    if (known.includes(name) || isAbsent(value)) continue;
    const meant = nearestName(name, known);
    if (meant !== undefined) throw new StartUpError(optionMisspelled(prefix + name, prefix + meant));
  }
}

function assertOneOf(name: string, value: unknown, allowed: readonly (string | boolean)[]): void {
  if (value === undefined || allowed.includes(value as string | boolean)) return;
  fail(name, allowed.map((each) => JSON.stringify(each)).join(' or '), value);
}

function assertTexts(name: string, value: unknown): void {
  if (isAbsent(value) || (Array.isArray(value) && value.every((item) => typeof item === 'string'))) return;
  fail(name, 'a list of texts', value);
}

function assertNumber(name: string, value: unknown, unit: string): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  fail(name, `a positive number of ${unit}`, value);
}

/** What is read by its members means the same as `null` and as `undefined`. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function fail(name: string, expected: string, value: unknown): never {
  throw new StartUpError(optionWrong(name, expected, value));
}
