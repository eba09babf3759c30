import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { HubExplorer } from './hubs/hub.explorer.js';
import { watchLazyModules } from './hubs/lazy-modules.js';
import { WebPubSubHubs } from './hubs/web-pubsub-hubs.js';
import { WebPubSubHealthIndicator } from './observability/web-pubsub.health-indicator.js';
import { EventLog } from './upstream/event.log.js';
import { UpstreamAttachment } from './upstream/upstream.attachment.js';
import { UpstreamEndpoint } from './upstream/upstream.endpoint.js';
import { ConfigurableModuleClass } from './web-pubsub.module-definition.js';
import { unconfiguredProviders } from './web-pubsub.providers.js';

/** How long the application waits, when it closes, for events that are being handled. */
const SHUTDOWN_PATIENCE_MS = 10_000;

/**
 * Makes the application the upstream of Azure Web PubSub, and gives it service clients. Hub classes are providers of any
 * module; nothing in `main.ts` changes.
 *
 * @publicApi
 */
@Module({ providers: unconfiguredProviders(), exports: [WebPubSubHubs, WebPubSubHealthIndicator] })
export class WebPubSubModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  #unwatch: (() => void) | undefined;

  constructor(
    @Inject(HubExplorer) private readonly explorer: HubExplorer,
    @Inject(UpstreamAttachment) private readonly attachment: UpstreamAttachment,
    @Inject(UpstreamEndpoint) private readonly endpoint: UpstreamEndpoint,
    @Inject(WebPubSubHubs) private readonly hubs: WebPubSubHubs,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(LazyModuleLoader) private readonly lazyModules: LazyModuleLoader,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {
    super();
  }

  onModuleInit(): void {
    this.explorer.explore();
    this.#unwatch = watchLazyModules(this.lazyModules, () => this.explorer.explore());
    if (!this.attachment.attachToServer()) {
      this.log.unreachable();
      return;
    }
    this.log.listening(
      this.hubs.describeHubs().map(({ hub, handlers }) => ({ hub, events: handlers.map(({ event }) => event) })),
    );
  }

  /**
   * Global modules are the last to be told, so that others can still do with events what they do when they end. Next Nest
   * would close the server: that it listens no longer while events are being handled lets a successor have the port. One
   * that is not global comes before others, which may wait for a load balancer.
   */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.#isGlobal()) this.attachment.stopListening();
    await this.endpoint.drain(SHUTDOWN_PATIENCE_MS);
  }

  onApplicationShutdown(): void {
    this.#unwatch?.();
    this.attachment.detach();
  }

  #isGlobal(): boolean {
    for (const module of this.modules.values()) if ((module.instance as unknown) === this) return module.isGlobal;
    return false;
  }
}
