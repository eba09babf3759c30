import { type ApplicationConfig, ExternalContextCreator, type NestContainer } from '@nestjs/core';
import { isObservable } from 'rxjs';
import { globalGuardTest, withoutGlobalEnhancers } from './hub-enhancers.js';
import type { HttpResponseStandIn } from './http-response.stand-in.js';
import { lastOf } from './last-of.js';

type Method = (...args: unknown[]) => unknown;

/** Calls the exception filter that takes an error; writes the error to the log when none does. */
interface ExceptionsHandler {
  next(error: unknown, host: unknown): unknown;
  /** Gives what the filter returned, or nothing. */
  invokeCustomFilters?(error: unknown, host: unknown): unknown;
}

/** Parts of `ExternalContextCreator`, in all releases that are known. */
interface CreatorParts {
  getContextModuleKey: () => string;
  /** Since 12.2. */
  getHostModuleKey?: () => string;
  transformToResult: (result: unknown) => Promise<unknown>;
  /** `createProxy` gives what calls `target`, and on failure the exception filters. */
  externalErrorProxy?: { createProxy(target: Method, handler: ExceptionsHandler, ...others: unknown[]): Method };
  createGuardsFn?(guards: object[], ...others: unknown[]): unknown;
}

/**
 * Nest's creator of calls with enhancers, for the handlers of one hub class alone: it leaves logging to the edge, and lets
 * the stand-in of an event know what failed, and where. Not for several: before 12.3 Nest knows parameters by the name of a
 * class, so that one of two classes of the same name would get the pipes of the other.
 */
export class HubContextCreator {
  readonly creator: ExternalContextCreator;
  /** Until it is known otherwise: a hub class that cannot be made is told of before the first call is created. */
  #isSilent = true;
  /** Names of global guards, once a call has some and says when they have let it pass. */
  #watchedGuards: readonly string[] = [];

  /** `moduleKey`: of the module that provides the class, where its enhancers are. */
  constructor(container: NestContainer, isGlobalApplied: boolean, moduleKey: string) {
    this.creator = ExternalContextCreator.fromContainer(
      isGlobalApplied ? container : withoutGlobalEnhancers(container),
    );
    const parts = this.creator as unknown as CreatorParts;
    // Nest takes an observable without a value for a failure, and would run the exception filters.
    parts.transformToResult = async (result) => (isObservable(result) ? lastOf(result) : result);
    // Nest searches for the module by class, and finds the first that has the class as a token, for whatever.
    parts.getContextModuleKey = parts.getHostModuleKey = () => moduleKey;
    this.#noteFailures(parts);
    const { applicationConfig } = container;
    if (isGlobalApplied && applicationConfig) this.#watchGlobalGuards(parts, applicationConfig);
  }

  /** Whether errors that no filter takes come out without a line of Nest's in the log. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Lets the stand-in know the error that exception filters are called with: when a filter ends later and returns nothing,
   * Nest takes that for the result of the handler.
   */
  #noteFailures({ externalErrorProxy: proxy }: CreatorParts): void {
    if (typeof proxy?.createProxy !== 'function') {
      this.#isSilent = false;
      return;
    }
    const createProxy = proxy.createProxy.bind(proxy);
    proxy.createProxy = (target, handler, ...others) =>
      createProxy(
        async (...args) => {
          try {
            return await target(...args);
          } catch (error) {
            const [, standIn] = args as [unknown, HttpResponseStandIn?];
            if (standIn)
              standIn.failure = { error, globalGuards: standIn.isPastGlobalGuards ? [] : this.#watchedGuards };
            throw error;
          }
        },
        this.#silence(handler),
        ...others,
      );
  }

  /** Nest's handler writes what no filter takes to the log by itself, without hub, event and method. */
  #silence(handler: ExceptionsHandler): ExceptionsHandler {
    this.#isSilent = typeof handler?.invokeCustomFilters === 'function';
    if (!this.#isSilent) return handler;
    return {
      next: (error, host) => {
        const result = handler.invokeCustomFilters!(error, host);
        if (result === undefined || result === null) throw error;
        return result;
      },
    };
  }

  /** Puts behind the global guards one that says that they are passed, since Nest does not tell whose refusal it was. */
  #watchGlobalGuards(parts: CreatorParts, config: ApplicationConfig): void {
    if (typeof parts.createGuardsFn !== 'function') return;
    const createGuardsFn = parts.createGuardsFn.bind(parts);
    parts.createGuardsFn = (guards, ...others) => {
      const isGlobal = globalGuardTest(config);
      const own = guards.findIndex((guard) => !isGlobal(guard));
      const count = own === -1 ? guards.length : own;
      if (count === 0) return createGuardsFn(guards, ...others);
      const globalGuards = guards.slice(0, count);
      this.#watchedGuards = globalGuards.map(({ constructor }) => constructor.name);
      return createGuardsFn([...globalGuards, PAST_GLOBAL_GUARDS, ...guards.slice(count)], ...others);
    };
  }
}

const PAST_GLOBAL_GUARDS = {
  canActivate(context: { getArgByIndex(index: number): HttpResponseStandIn | undefined }): true {
    const standIn = context.getArgByIndex(1);
    if (standIn) standIn.isPastGlobalGuards = true;
    return true;
  },
};
