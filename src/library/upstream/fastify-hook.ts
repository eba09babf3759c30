import type { IncomingMessage, ServerResponse } from 'node:http';

type FastifyHook = (
  request: { raw: IncomingMessage },
  reply: { raw: ServerResponse },
  done: (error?: Error) => void,
) => unknown;

/** The one hook of Nest's Fastify adapter that runs ahead of all others. */
interface HookedAdapter {
  onRequestHook?: FastifyHook;
  setOnRequestHook?(hook: FastifyHook): unknown;
  getInstance?(): { addHook?(name: 'onRequest', hook: FastifyHook): unknown };
}

type Take = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Who takes requests at the hook of an adapter, ahead of the host. */
const takesByAdapter = new WeakMap<object, { take: Take }>();

/**
 * Takes requests at the adapter's first hook: middleware runs behind CORS, which refuses the validation `OPTIONS` with 400.
 * The hook of the host, set before or later, gets what is passed on. False when the adapter has no such hook.
 */
export function takeAtFirstHook(adapter: HookedAdapter, take: Take): boolean {
  if (typeof adapter.setOnRequestHook !== 'function') return takeAtHook(adapter, take);
  const known = takesByAdapter.get(adapter);
  if (known) {
    const earlier = known.take;
    known.take = (request, response, next) => earlier(request, response, () => take(request, response, next));
    return true;
  }
  const own = { take };
  takesByAdapter.set(adapter, own);
  let hostHook = adapter.onRequestHook;
  adapter.setOnRequestHook(function receiveWebPubSubEvents(this: void, request, reply, done) {
    own.take(request.raw, reply.raw, () => {
      if (hostHook) runHook(adapter, hostHook, request, reply, done);
      else done();
    });
  });
  adapter.setOnRequestHook = (hook) => {
    hostHook = hook;
  };
  return true;
}

/** Before Nest 11.1.6 the adapter keeps no hook of its own, and ours, set ahead of any, is the first of Fastify's. */
function takeAtHook(adapter: HookedAdapter, take: Take): boolean {
  const fastify = adapter.getInstance?.();
  if (typeof fastify?.addHook !== 'function') return false;
  fastify.addHook('onRequest', (request, reply, done) => take(request.raw, reply.raw, () => done()));
  return true;
}

/** A hook ends by calling `done` or by its promise, as in Nest. */
function runHook(adapter: object, hook: FastifyHook, ...[request, reply, done]: Parameters<FastifyHook>): void {
  let isDone = false;
  const doneOnce = (error?: Error): void => {
    if (isDone) return;
    isDone = true;
    done(error);
  };
  // The body may have been read meanwhile, so that nobody above catches.
  try {
    const result: unknown = Reflect.apply(hook, adapter, [request, reply, doneOnce]);
    if (result instanceof Promise) result.then(() => doneOnce(), doneOnce);
  } catch (error) {
    doneOnce(error as Error);
  }
}
