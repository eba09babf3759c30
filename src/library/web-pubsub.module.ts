import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { GracefulShutdown, GracefulShutdownModule } from './graceful-shutdown.module.js';
import { HubExplorer } from './hubs/hub.explorer.js';
import { watchLazyModules } from './hubs/lazy-modules.js';
import { WebPubSubHubs } from './hubs/web-pubsub-hubs.js';
import { WebPubSubHealthIndicator } from './observability/web-pubsub.health-indicator.js';
import { EventLog } from './upstream/event.log.js';
import { UpstreamAttachment } from './upstream/upstream.attachment.js';
import { UpstreamEndpoint } from './upstream/upstream.endpoint.js';
import { ConfigurableModuleClass } from './web-pubsub.module-definition.js';
import { unconfiguredProviders } from './web-pubsub.providers.js';

/**
 * Makes the application the upstream of Azure Web PubSub, and gives it service clients. Hub classes are providers of any
 * module; nothing in `main.ts` changes.
 *
 * @publicApi
 */
@Module({
  imports: [GracefulShutdownModule],
  providers: unconfiguredProviders(),
  exports: [WebPubSubHubs, WebPubSubHealthIndicator],
})
export class WebPubSubModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  #unwatch: (() => void) | undefined;

  constructor(
    @Inject(HubExplorer) private readonly explorer: HubExplorer,
    @Inject(UpstreamAttachment) private readonly attachment: UpstreamAttachment,
    @Inject(UpstreamEndpoint) endpoint: UpstreamEndpoint,
    @Inject(WebPubSubHubs) private readonly hubs: WebPubSubHubs,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(LazyModuleLoader) private readonly lazyModules: LazyModuleLoader,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(GracefulShutdown) shutdown: GracefulShutdown,
  ) {
    super();
    shutdown.add({ attachment, endpoint });
  }

  onModuleInit(): void {
    this.explorer.explore();
    this.#unwatch = watchLazyModules(this.lazyModules, () => this.explorer.explore());
    if (!this.attachment.attachToServer()) {
      this.log.unreachable();
    } else {
      this.log.listening(
        this.hubs.describeHubs().map(({ hub, handlers }) => ({ hub, events: handlers.map(({ event }) => event) })),
      );
    }
    this.#tellOfOtherGlobals();
  }

  /** Nest gives a module that imports none of them what the first global one exports, without a word. */
  #tellOfOtherGlobals(): void {
    const globals = [...this.modules.values()].filter(
      ({ isGlobal, metatype }) => isGlobal && metatype === WebPubSubModule,
    );
    const first: unknown = globals[0]?.instance;
    if (globals.length > 1 && first === this) this.log.severalGlobals(globals.length);
  }

  onApplicationShutdown(): void {
    this.#unwatch?.();
    this.attachment.detach();
  }
}
