import { ModuleRef, type ModulesContainer, type NestContainer } from '@nestjs/core';
import { isHubName } from '../../protocol/names.js';
import { StartUpError } from '../errors/start-up.error.js';
import { HUB_METADATA } from '../web-pubsub.constants.js';
import { findHandlerNames, type HandlerMethod, readHandlerMethod } from './handler-method.js';
import { enhancersWithoutInstance, nameOfEnhancer, scopedGlobalEnhancers } from './hub-enhancers.js';
import { HubHandlerFactory, type HubProvider } from './hub-handler.factory.js';
import {
  enhancersNotMade,
  enhancersNotReached,
  enhancersNotReachedLater,
  enhancersOfReplaced,
  hubClassProvidedTwice,
  hubDecoratorMissing,
  hubIsController,
  hubMadePerEvent,
  hubNameInvalid,
} from './hub.messages.js';
import type { HubRegistry } from './hub.registry.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
type Wrapper = Module['providers'] extends Map<unknown, infer W> ? W : never;

/**
 * Finds hub classes among the providers of all modules and registers their handler methods; the only reader of hub metadata.
 */
export class HubExplorer {
  readonly #explored = new Set<Module>();
  readonly #providedIn = new Map<Function, { instance: unknown; moduleName: string }>();

  #factory: HubHandlerFactory | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly container: NestContainer,
    private readonly registry: HubRegistry,
    private readonly isGlobalApplied: boolean,
  ) {}

  /** Looks at the modules that it has not seen yet. Throws a `StartUpError`. */
  explore(): void {
    // Global enhancers are known by now, and no earlier.
    this.#factory ??= new HubHandlerFactory(this.container, this.isGlobalApplied);
    for (const module of this.modules.values()) if (!this.#explored.has(module)) this.#exploreModule(module);
  }

  #exploreModule(module: Module): void {
    this.#explored.add(module);
    for (const wrapper of module.controllers.values()) {
      const { metatype } = wrapper;
      if (metatype && Reflect.hasOwnMetadata(HUB_METADATA, metatype)) {
        throw new StartUpError(hubIsController(metatype.name));
      }
    }
    for (const wrapper of module.providers.values()) this.#exploreProvider(module, wrapper);
  }

  #exploreProvider(module: Module, wrapper: Wrapper): void {
    if (wrapper.isAlias) return;
    assertMadeAsClass(wrapper);
    const hubClass = classOf(wrapper);
    if (!hubClass) return;
    const hub = Reflect.getOwnMetadata(HUB_METADATA, hubClass) as string | undefined;
    const names = findHandlerNames(hubClass);
    if (hub === undefined) {
      if (names.length > 0) throw new StartUpError(hubDecoratorMissing(hubClass.name, names[0]));
      return;
    }
    if (!isHubName(hub)) throw new StartUpError(hubNameInvalid(hubClass.name, hub));
    if (this.#isKnown(hubClass, wrapper, module)) return;
    const provider = this.#readProvider(hubClass, hub, module, wrapper);
    const handlers = this.registry.open(hub);
    for (const name of names) {
      const method = readHandlerMethod(hubClass, name);
      assertEnhancersMade(hubClass, method, wrapper, module);
      handlers.add(this.#factory!.create(provider, method));
    }
  }

  /** One instance under two tokens is one provider; two instances would handle each event twice. */
  #isKnown(hubClass: Function, wrapper: Wrapper, module: Module): boolean {
    const known = this.#providedIn.get(hubClass);
    const instance = wrapper.instance;
    if (!known) {
      this.#providedIn.set(hubClass, { instance, moduleName: module.name });
      return false;
    }
    if (known.instance === instance) return true;
    throw new StartUpError(hubClassProvidedTwice(hubClass.name, known.moduleName, module.name));
  }

  #readProvider(hubClass: Function, hub: string, module: Module, wrapper: Wrapper): HubProvider {
    this.#assertGlobalEnhancersReach(hubClass, wrapper);
    const fixed = { hubClass, hub, moduleKey: module.token, wrapperId: wrapper.id };
    if (isStatic(wrapper)) return { ...fixed, instance: wrapper.instance as object };
    return {
      ...fixed,
      perEvent: {
        token: wrapper.token as string | symbol | Function,
        moduleRef: module.getProviderByKey<ModuleRef>(ModuleRef).instance,
        isDurable: wrapper.isDependencyTreeDurable(),
      },
    };
  }

  /** Those that are no singletons Nest makes only for providers that it has tied them to. */
  #assertGlobalEnhancersReach(hubClass: Function, wrapper: Wrapper): void {
    if (!this.isGlobalApplied) return;
    const left = scopedGlobalEnhancers(this.container.applicationConfig).filter(
      (enhancer) => !isMadeFor(wrapper, enhancer),
    );
    if (left.length === 0) return;
    const isListed = !wrapper.isNotMetatype && wrapper.token === hubClass;
    const message = isListed ? enhancersNotReachedLater : enhancersNotReached;
    throw new StartUpError(message(hubClass.name, left.map(nameOfEnhancer)));
  }
}

/** Nest has no list before it ties the first. */
function enhancersTiedTo(wrapper: Wrapper): readonly Wrapper[] {
  return (wrapper.getEnhancersMetadata() as readonly Wrapper[] | undefined) ?? [];
}

/** Whether there is one instance for all events. */
function isStatic(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** What a factory makes for each event is unknown at the start, and Nest does not make values. */
function assertMadeAsClass(wrapper: Wrapper): void {
  if (!wrapper.isNotMetatype || isStatic(wrapper)) return;
  const hubClass = classOf(wrapper) ?? (wrapper.instance ? undefined : wrapper.token);
  if (typeof hubClass === 'function' && Reflect.hasOwnMetadata(HUB_METADATA, hubClass)) {
    throw new StartUpError(hubMadePerEvent(hubClass.name));
  }
}

/** The class of a provider; of a value or of what a factory made, the class of the instance. */
function classOf(wrapper: Wrapper): Function | undefined {
  if (!wrapper.isNotMetatype) return wrapper.metatype as Function;
  try {
    const { instance } = wrapper as { instance: unknown };
    if (typeof instance !== 'object' || instance === null) return undefined;
    const { constructor } = Object.getPrototypeOf(instance) as { constructor?: unknown };
    return typeof constructor === 'function' && constructor !== Object ? constructor : undefined;
  } catch {
    // Values of all kinds are provided, proxies that throw among them; they are no hub classes.
    return undefined;
  }
}

/** Nest makes the enhancers of classes that it has as such, and says nothing when it finds none for others. */
function assertEnhancersMade(hubClass: Function, method: HandlerMethod, wrapper: Wrapper, module: Module): void {
  const missing = enhancersWithoutInstance(hubClass, method, (enhancer) => {
    const made = module.injectables.get(enhancer as never);
    if (!made) return false;
    // Of others it gives the rest an object whose constructor never ran.
    return isStatic(made) || isMadeFor(wrapper, made);
  });
  if (missing.length === 0) return;
  const message = method.isReplaced ? enhancersOfReplaced : enhancersNotMade;
  throw new StartUpError(message(hubClass.name, method.name, missing));
}

/** Nest makes enhancers that are no singletons for the providers that it has tied them to: once, or with each instance. */
function isMadeFor(wrapper: Wrapper, enhancer: Wrapper): boolean {
  if (!enhancersTiedTo(wrapper).some(({ id }) => id === enhancer.id)) return false;
  if (!isStatic(wrapper)) return true;
  const context = staticContextOf(wrapper);
  return context !== undefined && enhancer.getInstanceByContextId(context, wrapper.id).isResolved === true;
}

/** The context of what is made once, which Nest keeps to itself. */
function staticContextOf(wrapper: Wrapper): { readonly id: number } | undefined {
  let context: { readonly id: number } | undefined;
  const observed = Object.create(wrapper, {
    getInstanceByContextId: {
      value: (asked: { readonly id: number }) => {
        context = asked;
        return {};
      },
    },
  }) as Wrapper;
  void observed.instance;
  return context;
}
