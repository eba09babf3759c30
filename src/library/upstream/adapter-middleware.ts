import type { HttpAdapterHost } from '@nestjs/core';

type HostBefore11_1_4 = Omit<HttpAdapterHost, 'init$'> & { readonly init$?: HttpAdapterHost['init$'] };

/**
 * Calls `install` when the HTTP adapter takes middleware and has none yet of the application's. Returns what ends the waiting.
 */
export function whenAdapterTakesMiddleware(host: HttpAdapterHost, install: () => void): () => void {
  const { init$, httpAdapter } = host as HostBefore11_1_4;
  if (init$) {
    const subscription = init$.subscribe(install);
    return () => subscription.unsubscribe();
  }
  // Before 11.1.4 nobody is told; but the adapter takes middleware from the start.
  if (!httpAdapter) return whenSet(host, install);
  install();
  return () => undefined;
}

/** Who waits for the adapter of a host: several modules may. */
const waitingByHost = new WeakMap<HttpAdapterHost, Set<() => void>>();

/** In a testing module the providers are there before the adapter. */
function whenSet(host: HttpAdapterHost, install: () => void): () => void {
  const waiting = waitingByHost.get(host) ?? watchAdapter(host);
  waiting.add(install);
  return () => void waiting.delete(install);
}

function watchAdapter(host: HttpAdapterHost): Set<() => void> {
  const waiting = new Set<() => void>();
  waitingByHost.set(host, waiting);
  const property = Object.getOwnPropertyDescriptor(Reflect.getPrototypeOf(host), 'httpAdapter');
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    get: () => property?.get?.call(host) as unknown,
    set: (adapter: unknown) => {
      Reflect.deleteProperty(host, 'httpAdapter');
      waitingByHost.delete(host);
      Reflect.set(host, 'httpAdapter', adapter);
      for (const install of waiting) install();
    },
  });
  return waiting;
}
