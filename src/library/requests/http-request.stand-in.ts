import type { IncomingMessage } from 'node:http';

/** By which an event came into the application. */
export interface EventCarrier {
  /** The path that receives events. */
  readonly path: string;
  readonly request: IncomingMessage;
}

const CARRIER = Symbol('webPubSubCarrier');

interface HttpRequestStandIn {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly [CARRIER]?: EventCarrier;
}

/**
 * What `switchToHttp().getRequest()` has beside the members of a request: as much as lets guards and interceptors that were
 * written for HTTP read it without failing, and true of the request that brought the event. Its path is that of the module:
 * what is below it may be the event's name, which a client chose, and its query may hold a secret of the event handler's URL.
 * No `body` and no `user`: whoever looks for those has to know that this is an event.
 */
const MEMBERS: Record<string, (carrier: EventCarrier) => unknown> = {
  method: () => 'POST',
  url: ({ path }) => path,
  originalUrl: ({ path }) => path,
  path: ({ path }) => path,
  // Of Express, and of Fastify.
  route: ({ path }) => ({ path }),
  routeOptions: ({ path }) => ({ url: path }),
  ip: ({ request }) => request.socket?.remoteAddress,
  ips: () => [],
  socket: ({ request }) => request.socket,
  connection: ({ request }) => request.socket,
  query: () => ({}),
  params: () => ({}),
};

/**
 * Gives the requests of all events those members, none of which is listed or copied. Code that was written for HTTP sets
 * them too, `request.headers['...']` first of all: each request has its own, and no headers at first unless the event is a
 * `connect`.
 */
export function defineHttpMembers(prototype: object): void {
  define(prototype, 'headers', () => ({}));
  for (const [name, read] of Object.entries(MEMBERS)) {
    define(prototype, name, ({ [CARRIER]: carrier }) => carrier && read(carrier));
  }
  const methods = { get: readHeader, header: readHeader, is: () => null };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { configurable: true, enumerable: false, writable: true, value });
  }
}

/** Makes known by what a request came; needed where enhancers may ask for it. */
export function setCarrier(request: object, carrier: EventCarrier): void {
  own(request, CARRIER, carrier);
}

function define(prototype: object, name: string, read: (request: HttpRequestStandIn) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: HttpRequestStandIn) {
      return own(this, name, read(this));
    },
    set(this: object, value: unknown) {
      own(this, name, value);
    },
  });
}

function own<T>(request: object, name: string | symbol, value: T): T {
  Object.defineProperty(request, name, { configurable: true, enumerable: false, writable: true, value });
  return value;
}

/** As Express: names in any case, several values as one text. */
function readHeader(this: HttpRequestStandIn, name: string): string | undefined {
  const { headers } = this;
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
  const value = key === undefined ? undefined : headers[key];
  return Array.isArray(value) ? value.join(', ') : (value as string | undefined);
}
