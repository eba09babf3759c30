import { ContextIdFactory } from '@nestjs/core';

let key: symbol | undefined;

/**
 * The property by which Nest finds the context id of a request that has one, so that `ContextIdFactory.getByRequest` in a
 * handler gives the sub-tree the handler runs in. Nest does not export it: it is what `getByRequest` asks a request for.
 */
export function requestContextKey(): symbol {
  if (key) return key;
  const asked: symbol[] = [];
  const probe = new Proxy(
    {},
    {
      get: (_target, property) => {
        if (typeof property === 'symbol') asked.push(property);
        return { id: 0 };
      },
    },
  );
  ContextIdFactory.getByRequest(probe);
  key = asked[0] ?? Symbol('no context id');
  return key;
}
