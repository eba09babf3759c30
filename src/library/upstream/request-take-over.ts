import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

type Listener = (...args: unknown[]) => void;

/**
 * Puts a listener in the place of those of a server's `request` event, and calls them by `next`: as Socket.IO attaches
 * itself. Works for http, https and http2 servers; others are left alone. Returns what puts them back.
 */
export function takeOverRequests(
  server: unknown,
  take: (request: IncomingMessage, response: ServerResponse, next: () => void) => void,
): () => void {
  if (!isEmitter(server)) return () => undefined;
  const listeners = server.listeners('request') as Listener[];
  if (listeners.length === 0) return () => undefined;
  let isAttached = true;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const next = (): void => {
      for (const original of listeners) Reflect.apply(original, server, [request, response]);
    };
    if (isAttached) take(request, response, next);
    else next();
  };
  server.removeAllListeners('request');
  server.on('request', listener as Listener);
  return () => {
    isAttached = false;
    // Somebody else may have taken over since; then this listener stays, and does nothing but pass on.
    if (!server.listeners('request').includes(listener)) return;
    server.removeListener('request', listener as Listener);
    for (const original of listeners) server.on('request', original);
  };
}

function isEmitter(server: unknown): server is EventEmitter {
  const { listeners, removeAllListeners } = (server ?? {}) as Partial<EventEmitter>;
  return typeof listeners === 'function' && typeof removeAllListeners === 'function';
}
