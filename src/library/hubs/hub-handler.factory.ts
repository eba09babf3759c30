import { HttpException } from '@nestjs/common';
import { ContextIdFactory, ExternalContextCreator, type ModuleRef, type NestContainer } from '@nestjs/core';
import { isObservable } from 'rxjs';
import type { HandledEvent } from '../decorators/event-handler.decorators.js';
import type { HubRequest } from '../requests/hub.request.js';
import { WEB_PUBSUB_CONTEXT_TYPE } from '../web-pubsub.constants.js';
import { createCaughtTest, hasGlobalEnhancers, hasOwnEnhancers, withoutGlobalEnhancers } from './hub-enhancers.js';
import type { HubHandler } from './hub-handler.js';
import {
  createArgumentsReader,
  declareBytesAsBuffers,
  hubParamsFactory,
  PARAMS_METADATA_KEY,
} from './hub-params.factory.js';
import { lastOf } from './last-of.js';
import { requestContextKey } from './request-context-key.js';
import type { HttpResponseStandIn } from './http-response.stand-in.js';

type Method = (...args: unknown[]) => unknown;

/** A hub class as Nest provides it. */
export interface HubProvider {
  readonly hubClass: Function;
  readonly hub: string;
  /** Absent when one must be made for each event, because the class or something it needs is request-scoped. */
  readonly instance?: object;
  readonly perEvent?: {
    readonly token: string | symbol | Function;
    readonly moduleRef: ModuleRef;
    /** By which Nest finds enhancers that were made for this class. */
    readonly wrapperId: string;
    readonly isDurable: boolean;
  };
}

/** A part of `ExternalContextCreator`: calls `target`, and on failure the exception filters. */
interface ErrorProxy {
  createProxy(target: Method, ...others: unknown[]): Method;
}

const ALL_ENHANCERS = { guards: true, interceptors: true, filters: true };

/** Turns methods of hub classes into calls that run the enhancers of Nest, at the start of the application. */
export class HubHandlerFactory {
  readonly #creator: ExternalContextCreator;
  readonly #hasGlobalEnhancers: boolean;

  constructor(
    private readonly container: NestContainer,
    private readonly isGlobalApplied: boolean,
  ) {
    this.#creator = ExternalContextCreator.fromContainer(
      isGlobalApplied ? container : withoutGlobalEnhancers(container),
    );
    // Nest takes an observable without a value for a failure, and would run the exception filters.
    this.#creator.transformToResult = async (result: unknown) => (isObservable(result) ? lastOf(result) : result);
    noteFailures(this.#creator);
    this.#hasGlobalEnhancers = isGlobalApplied && hasGlobalEnhancers(container.applicationConfig);
  }

  create(provider: HubProvider, methodName: string, events: readonly HandledEvent[]): HubHandler {
    const { hubClass, hub, instance } = provider;
    const method = (hubClass.prototype as Record<string, Method>)[methodName];
    declareBytesAsBuffers(hubClass, methodName);
    const isEnhanced = this.#hasGlobalEnhancers || hasOwnEnhancers(hubClass, method);
    const readArguments = instance && !isEnhanced ? createArgumentsReader(hubClass, methodName) : undefined;
    const fixed = { name: `${hubClass.name}.${methodName}`, hub, events };
    if (instance && readArguments) {
      return {
        ...fixed,
        hasEnhancers: false,
        isLoggedByNest: () => false,
        // By name: a test or a decorator may have replaced the method of the instance.
        invoke: (request) => (instance as Record<string, Method>)[methodName](...readArguments(request)),
      };
    }
    return {
      ...fixed,
      hasEnhancers: true,
      isLoggedByNest: this.#createLoggedTest(hubClass, method),
      invoke: instance ? this.#createCall(instance, methodName) : this.#createCallPerEvent(provider, methodName),
    };
  }

  /** Nest logs what no filter takes, except for its own exceptions. */
  #createLoggedTest(hubClass: Function, method: Method): HubHandler['isLoggedByNest'] {
    const isCaught = createCaughtTest(
      hubClass,
      method,
      this.isGlobalApplied ? this.container.applicationConfig : undefined,
    );
    return (error) => error instanceof Error && !(error instanceof HttpException) && !isCaught(error);
  }

  #createCall(instance: object, methodName: string): HubHandler['invoke'] {
    return this.#creator.create(
      instance,
      (instance as Record<string, Method>)[methodName],
      methodName,
      PARAMS_METADATA_KEY,
      hubParamsFactory,
      undefined,
      undefined,
      ALL_ENHANCERS,
      WEB_PUBSUB_CONTEXT_TYPE,
    ) as HubHandler['invoke'];
  }

  #createCallPerEvent({ perEvent }: HubProvider, methodName: string): HubHandler['invoke'] {
    const { token, moduleRef, wrapperId, isDurable } = perEvent!;
    return async (request: HubRequest, response?: HttpResponseStandIn) => {
      const contextId = ContextIdFactory.getByRequest(request);
      Object.defineProperty(request, requestContextKey(), { value: contextId, enumerable: false, configurable: true });
      const { payload } = contextId as { payload?: unknown };
      moduleRef.registerRequestByContextId(isDurable ? payload : Object.assign(request, payload), contextId);
      const instance = await moduleRef.resolve<Record<string, Method>>(token, contextId, { strict: true });
      const call = this.#creator.create(
        instance,
        instance[methodName],
        methodName,
        PARAMS_METADATA_KEY,
        hubParamsFactory,
        contextId,
        wrapperId,
        ALL_ENHANCERS,
        WEB_PUBSUB_CONTEXT_TYPE,
      ) as HubHandler['invoke'];
      return call(request, response);
    };
  }
}

/**
 * Lets the stand-in know the error that exception filters are called with: when a filter ends later and returns nothing, Nest
 * takes that for the result of the handler.
 */
function noteFailures(creator: ExternalContextCreator): void {
  const { externalErrorProxy: proxy } = creator as unknown as { externalErrorProxy?: ErrorProxy };
  if (typeof proxy?.createProxy !== 'function') return;
  const createProxy = proxy.createProxy.bind(proxy);
  proxy.createProxy = (target, ...others) =>
    createProxy(
      async (...args) => {
        try {
          return await target(...args);
        } catch (error) {
          const [, standIn] = args as [unknown, HttpResponseStandIn?];
          if (standIn) standIn.failure = { error };
          throw error;
        }
      },
      ...others,
    );
}
