import type { ConnectionContext } from './connection-context.js';

/**
 * What the requests of all events have in common.
 *
 * @publicApi
 */
export abstract class HubRequest {
  readonly context: ConnectionContext;

  constructor(context: ConnectionContext) {
    this.context = context;
  }
}

/**
 * Guards, interceptors and strategies of durable providers that were written for HTTP read and set `request.headers['…']`,
 * and call `request.get('…')`; so every request has headers of its own, none of them at first unless the event is a
 * `connect`.
 */
Object.defineProperties(HubRequest.prototype, {
  headers: {
    configurable: true,
    enumerable: false,
    get(this: HubRequest) {
      return ownHeaders(this, {});
    },
    set(this: HubRequest, headers: object) {
      ownHeaders(this, headers);
    },
  },
  get: { configurable: true, enumerable: false, writable: true, value: readHeader },
  header: { configurable: true, enumerable: false, writable: true, value: readHeader },
});

function ownHeaders(request: HubRequest, headers: object): object {
  Object.defineProperty(request, 'headers', { configurable: true, enumerable: false, writable: true, value: headers });
  return headers;
}

/** As Express: names in any case, several values as one text. */
function readHeader(this: { readonly headers: Readonly<Record<string, unknown>> }, name: string): string | undefined {
  const { headers } = this;
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
  const value = key === undefined ? undefined : headers[key];
  return Array.isArray(value) ? value.join(', ') : (value as string | undefined);
}
