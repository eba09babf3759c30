import { ExternalContextCreator, type NestContainer } from '@nestjs/core';
import { isObservable } from 'rxjs';
import { GlobalEnhancerWatch } from './global-enhancer-watch.js';
import { withoutGlobalEnhancers } from './hub-enhancers.js';
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
  readonly #globalEnhancers: GlobalEnhancerWatch | undefined;

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
    if (isGlobalApplied) this.#globalEnhancers = new GlobalEnhancerWatch(this.creator);
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
          const [, standIn] = args as [unknown, HttpResponseStandIn?];
          if (standIn) standIn.suspects = this.#globalEnhancers?.guards;
          try {
            return await target(...args);
          } catch (error) {
            if (standIn) standIn.failure = { error, suspects: standIn.suspects };
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
}
