import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { tap } from 'rxjs';
import type { GlobalEnhancers, HttpResponseStandIn } from './http-response.stand-in.js';

/** Parts of `ExternalContextCreator`, in all releases that are known. */
interface CreatorParts {
  guardsContextCreator?: EnhancerLists;
  interceptorsContextCreator?: EnhancerLists;
  interceptorsConsumer?: { intercept?(interceptors: unknown, args: unknown[], ...others: unknown[]): unknown };
}

/** Makes the list of the enhancers of a handler: the global ones, then those of its class and method. */
interface EnhancerLists {
  create?(...args: unknown[]): object[];
  getGlobalMetadata?(...args: unknown[]): object[];
}

/**
 * Lets the stand-in of an event know when it is the turn of global guards or interceptors, since Nest does not tell whose
 * error came out. Where an application has none, nothing is watched.
 */
export class GlobalEnhancerWatch {
  /** Of the handlers, once a call of one was created. */
  guards: GlobalEnhancers | undefined;
  #interceptors: GlobalEnhancers | undefined;

  constructor(creator: ExternalContextCreator) {
    const parts = creator as unknown as CreatorParts;
    watchLists(parts.guardsContextCreator, BEHIND_GUARDS, (names) => {
      this.guards = { kind: 'guard', names };
    });
    const behindInterceptors = {
      intercept: (context: ExecutionContext, next: CallHandler) => this.#watchHub(context, next),
    };
    watchLists(parts.interceptorsContextCreator, behindInterceptors, (names) => {
      if (!this.#interceptors) this.#watchInterceptors(parts);
      this.#interceptors = { kind: 'interceptor', names };
    });
  }

  #watchInterceptors({ interceptorsConsumer: consumer }: CreatorParts): void {
    if (typeof consumer?.intercept !== 'function') return;
    const intercept = consumer.intercept.bind(consumer);
    consumer.intercept = (interceptors, args, ...others) => {
      const [, standIn] = args as [unknown, HttpResponseStandIn?];
      if (standIn) standIn.suspects = this.#interceptors;
      return intercept(interceptors, args, ...others);
    };
  }

  /** Interceptors have a second turn when the hub has given its result. */
  #watchHub(context: ExecutionContext, next: CallHandler) {
    const standIn = standInOf(context);
    if (!standIn) return next.handle();
    const set = (suspects?: GlobalEnhancers): void => void (standIn.suspects = suspects);
    set();
    const setBack = (): void => set(this.#interceptors);
    return next.handle().pipe(tap({ next: setBack, complete: setBack, error: () => set() }));
  }
}

const BEHIND_GUARDS = {
  canActivate(context: ExecutionContext): true {
    const standIn = standInOf(context);
    if (standIn) standIn.suspects = undefined;
    return true;
  },
};

function standInOf(context: ExecutionContext): HttpResponseStandIn | undefined {
  return context.getArgByIndex<HttpResponseStandIn | undefined>(1);
}

/** Puts `marker` behind the global ones of each list that has some, whose names `found` is told. */
function watchLists(lists: EnhancerLists | undefined, marker: object, found: (names: readonly string[]) => void): void {
  if (typeof lists?.create !== 'function' || typeof lists.getGlobalMetadata !== 'function') return;
  const create = lists.create.bind(lists);
  const getGlobalMetadata = lists.getGlobalMetadata.bind(lists);
  let globals: readonly object[] = [];
  lists.getGlobalMetadata = (...args) => (globals = getGlobalMetadata(...args));
  lists.create = (...args) => {
    const list = create(...args);
    const firstOwn = list.findIndex((enhancer) => !globals.includes(enhancer));
    const count = firstOwn === -1 ? list.length : firstOwn;
    if (count === 0) return list;
    found(list.slice(0, count).map(({ constructor }) => constructor.name));
    return list.toSpliced(count, 0, marker);
  };
}
