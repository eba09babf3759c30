import { type DynamicModule, Inject, Injectable, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { SERVICE_CLIENT_FACTORY, SERVICE_CLIENTS } from '../web-pubsub.constants.js';
import { knownHubNames, onHubName } from './service-client-hubs.js';
import { ServiceClientFactory } from './service-client.factory.js';
import { ServiceClients } from './service-clients.js';
import { getServiceClientToken } from './service-client.tokens.js';

/**
 * Adds to a module's definition the service clients, by options token: `ServiceClientFactory`, `ServiceClients`, and one
 * client for each hub that a decorator or token named. That list is read when Nest scans the module, after most classes of
 * the application are defined, whichever file was loaded first; it grows until the module is made, for classes of modules
 * that are imported as promises.
 */
export function withServiceClients(definition: DynamicModule, optionsToken: string | symbol): DynamicModule {
  const { providers = [], exports = [] } = definition;
  const growing = new Set<() => void>();
  const grow = <T>(fixed: T[], create: (hub: string) => T): T[] => {
    const list = [...fixed, ...knownHubNames().map(create)];
    const kept = new WeakRef(list);
    const stop = onHubName((hub) => void kept.deref()?.push(create(hub)));
    abandoned.register(list, stop);
    growing.add(stop);
    return list;
  };
  const stopGrowing = (): void => {
    for (const stop of growing) stop();
    growing.clear();
  };
  const fixed: Provider[] = [
    {
      provide: ServiceClientFactory,
      useFactory: (options: WebPubSubModuleOptions) => new ServiceClientFactory(options),
      inject: [optionsToken],
    },
    {
      provide: LateServiceClients,
      useFactory: (options: WebPubSubModuleOptions, ...others: LateDependencies) => {
        stopGrowing();
        return new LateServiceClients(options.hubs ?? [], definition.module, ...others);
      },
      inject: [optionsToken, ModulesContainer, ServiceClientFactory, ServiceClients],
    },
    ServiceClients,
    { provide: SERVICE_CLIENT_FACTORY, useExisting: ServiceClientFactory },
    { provide: SERVICE_CLIENTS, useExisting: ServiceClients },
  ];
  return {
    ...definition,
    get providers() {
      return grow([...providers, ...fixed], serviceClientProvider);
    },
    get exports() {
      return grow([...exports, ServiceClients], getServiceClientToken);
    },
  };
}

/** A start that fails leaves nobody who would stop: applications must not live on by the list of listeners. */
const abandoned = new FinalizationRegistry<() => void>((stop) => stop());

type LateDependencies = [ModulesContainer, ServiceClientFactory, ServiceClients];

/**
 * Provides the clients of hubs that become known after the module was scanned: of the option `hubs`, and of classes in
 * modules that are loaded lazily.
 */
@Injectable()
export class LateServiceClients implements OnModuleDestroy {
  readonly #stop: () => void;

  constructor(
    hubs: readonly string[],
    private readonly module: DynamicModule['module'],
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ServiceClientFactory) private readonly factory: ServiceClientFactory,
    @Inject(ServiceClients) private readonly clients: ServiceClients,
  ) {
    // Some may have become known between the scan and now.
    for (const hub of [...hubs, ...knownHubNames()]) this.#provide(hub);
    const self = new WeakRef(this);
    this.#stop = onHubName((hub) => {
      const late = self.deref();
      if (late) late.#provide(hub);
    });
    abandoned.register(this, this.#stop);
  }

  onModuleDestroy(): void {
    this.#stop();
  }

  #provide(hub: string): void {
    const token = getServiceClientToken(hub);
    for (const module of this.modules.values()) {
      if (module.metatype !== this.module || module.providers.has(token)) continue;
      module.addProvider({ provide: token, useValue: clientOf(hub, this.factory, this.clients) });
      module.addExportedProviderOrModule(token);
    }
  }
}

function serviceClientProvider(hub: string): Provider {
  return {
    provide: getServiceClientToken(hub),
    useFactory: (factory: ServiceClientFactory, clients: ServiceClients) => clientOf(hub, factory, clients),
    inject: [ServiceClientFactory, ServiceClients],
  };
}

function clientOf(hub: string, factory: ServiceClientFactory, clients: ServiceClients) {
  return factory.isServiceKnown ? clients.for(hub) : factory.createUnavailable(hub);
}
