import { blankSecretParameters } from '../../protocol/secret-parameters.js';
import type { UpstreamRequest, UpstreamResponse } from '../core/upstream-transport.js';

const BLANK = '***';

/** Up to the last `@`: a password may hold others. */
const CREDENTIALS = /^([a-z]+:\/\/)[^/?#]*@/i;

/** Headers of an answer that name a URL, in lower case. */
const URL_HEADERS = new Set(['location', 'content-location']);

/** The URL as logs and the traffic record may show it. */
export function blankUrl(url: string): string {
  return url
    .replace(/\?[^#]*/, (query) => `?${blankSecretParameters(query.slice(1))}`)
    .replace(CREDENTIALS, `$1${BLANK}@`);
}

/** The request as the traffic record may show it; the same object when it holds nothing secret. */
export function blankRequest(request: UpstreamRequest): UpstreamRequest {
  const url = blankUrl(request.url);
  const hasToken = request.headers['Authorization'] !== undefined;
  if (url === request.url && !hasToken) return request;
  const blanked = {
    ...request,
    url,
    headers: hasToken ? { ...request.headers, Authorization: `Bearer ${BLANK}` } : request.headers,
  };
  originals.set(blanked, request);
  return blanked;
}

/** The answer as the traffic record may show it: a redirection often repeats the query of the request. */
export function blankResponse(response: UpstreamResponse): UpstreamResponse {
  const entries = Object.entries(response.headers);
  if (!entries.some(([name]) => URL_HEADERS.has(name.toLowerCase()))) return response;
  const headers = Object.fromEntries(
    entries.map(([name, values]) => [name, URL_HEADERS.has(name.toLowerCase()) ? values.map(blankUrl) : values]),
  );
  return { ...response, headers };
}

const originals = new WeakMap<UpstreamRequest, UpstreamRequest>();

/** The request of a traffic entry as it was sent, for whoever sends it again; never to be shown. */
export function originalRequest(recorded: UpstreamRequest): UpstreamRequest {
  return originals.get(recorded) ?? recorded;
}
