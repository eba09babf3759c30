import type { EventRequestHeaders } from './event-request-headers.js';

/**
 * Whether a request is the service's question if it may send events here (abuse protection): OPTIONS, or GET when OPTIONS
 * was answered 404, with `WebHook-Request-Origin` [upstream-events 3].
 */
export function isValidationRequest(method: string | undefined, headers: EventRequestHeaders): boolean {
  return (method === 'OPTIONS' || method === 'GET') && headers['webhook-request-origin'] !== undefined;
}
