import { HttpException } from '@nestjs/common';
import { type ContextId, ContextIdFactory, type ModuleRef, type NestContainer } from '@nestjs/core';
import type { HubRequest } from '../requests/hub.request.js';
import { WEB_PUBSUB_CONTEXT_TYPE } from '../web-pubsub.constants.js';
import { createCallByName, showMethods } from './handler-call.js';
import type { HandlerMethod } from './handler-method.js';
import { HubContextCreator } from './hub-context-creator.js';
import { createCaughtTest, hasGlobalEnhancers, hasOwnEnhancers } from './hub-enhancers.js';
import type { HubHandler } from './hub-handler.js';
import {
  createArgumentsReader,
  declareParamTypes,
  hasDecoratedParams,
  hubParamsFactory,
  PARAMS_METADATA_KEY,
} from './hub-params.factory.js';
import { requestContextKey } from './request-context-key.js';
import type { HttpResponseStandIn } from './http-response.stand-in.js';

type Method = (...args: unknown[]) => unknown;

/** A hub class as Nest provides it. */
export interface HubProvider {
  readonly hubClass: Function;
  readonly hub: string;
  /** Of the module that provides it. */
  readonly moduleKey: string;
  /** By which Nest finds enhancers that were made for this class. */
  readonly wrapperId: string;
  /** Absent when one must be made for each event, because the class or something it needs is request-scoped. */
  readonly instance?: object;
  readonly perEvent?: {
    readonly token: string | symbol | Function;
    readonly moduleRef: ModuleRef;
    readonly isDurable: boolean;
  };
}

const ALL_ENHANCERS = { guards: true, interceptors: true, filters: true };

/** Turns methods of hub classes into calls that run the enhancers of Nest, at the start of the application. */
export class HubHandlerFactory {
  readonly #contexts = new Map<string, HubContextCreator>();
  readonly #hasGlobalEnhancers: boolean;

  constructor(
    private readonly container: NestContainer,
    private readonly isGlobalApplied: boolean,
  ) {
    this.#hasGlobalEnhancers = isGlobalApplied && hasGlobalEnhancers(container.applicationConfig);
  }

  create(provider: HubProvider, { name: methodName, method, events }: HandlerMethod): HubHandler {
    const { hubClass, hub, instance } = provider;
    const context = this.#contextOf(provider);
    declareParamTypes(hubClass, methodName);
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
    const call = createCallByName(methodName, method, !hasDecoratedParams(hubClass, methodName));
    return {
      ...fixed,
      hasEnhancers: true,
      isLoggedByNest: this.#createLoggedTest(context, hubClass, method),
      invoke: instance
        ? createCall(context, provider, instance, methodName, call)
        : createCallPerEvent(context, provider, methodName, call),
    };
  }

  #contextOf({ wrapperId, moduleKey }: HubProvider): HubContextCreator {
    const known = this.#contexts.get(wrapperId);
    if (known) return known;
    const context = new HubContextCreator(this.container, this.isGlobalApplied, moduleKey);
    showMethods(context.creator);
    this.#contexts.set(wrapperId, context);
    return context;
  }

  /** A release of Nest that cannot be kept from it logs what no filter takes, except for its own exceptions. */
  #createLoggedTest(context: HubContextCreator, hubClass: Function, method: Function): HubHandler['isLoggedByNest'] {
    const isCaught = createCaughtTest(
      hubClass,
      method,
      this.isGlobalApplied ? this.container.applicationConfig : undefined,
    );
    return (error) =>
      !context.isSilent && error instanceof Error && !(error instanceof HttpException) && !isCaught(error);
  }
}

/** `contextId`: of the event for which the instance was made; absent when it is for all. */
function createCall(
  { creator }: HubContextCreator,
  { wrapperId }: HubProvider,
  instance: object,
  methodName: string,
  call: Method,
  contextId?: ContextId,
): HubHandler['invoke'] {
  return creator.create(
    instance,
    call,
    methodName,
    PARAMS_METADATA_KEY,
    hubParamsFactory,
    contextId,
    // Without it Nest takes transient enhancers whose constructor it has not called.
    wrapperId,
    ALL_ENHANCERS,
    WEB_PUBSUB_CONTEXT_TYPE,
  ) as HubHandler['invoke'];
}

function createCallPerEvent(
  context: HubContextCreator,
  provider: HubProvider,
  methodName: string,
  call: Method,
): HubHandler['invoke'] {
  const { token, moduleRef, isDurable } = provider.perEvent!;
  return async (request: HubRequest, response?: HttpResponseStandIn) => {
    const contextId = ContextIdFactory.getByRequest(request);
    Object.defineProperty(request, requestContextKey(), { value: contextId, enumerable: false, configurable: true });
    const { payload } = contextId as { payload?: unknown };
    moduleRef.registerRequestByContextId(isDurable ? payload : Object.assign(request, payload), contextId);
    const instance = await moduleRef.resolve<object>(token, contextId, { strict: true });
    return createCall(context, provider, instance, methodName, call, contextId)(request, response);
  };
}
