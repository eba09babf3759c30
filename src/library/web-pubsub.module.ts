import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import {
  ExternalContextCreator,
  HttpAdapterHost,
  LazyModuleLoader,
  ModulesContainer,
  type NestContainer,
} from '@nestjs/core';
import { HubExplorer } from './hubs/hub.explorer.js';
import { HubRegistry } from './hubs/hub.registry.js';
import { watchLazyModules } from './hubs/lazy-modules.js';
import { WebPubSubHubs } from './hubs/web-pubsub-hubs.js';
import { RepeatedEvents } from './idempotency/repeated-events.js';
import { loadEventObserver } from './observability/load-event-observer.js';
import { WebPubSubHealthIndicator } from './observability/web-pubsub.health-indicator.js';
import { createUpstreamSecurity } from './security/upstream-security.js';
import { readServiceConnection } from './service-client/service-connection.js';
import { EventDispatcher } from './upstream/event.dispatcher.js';
import { EventLog } from './upstream/event.log.js';
import { UpstreamAttachment } from './upstream/upstream.attachment.js';
import { UpstreamEndpoint } from './upstream/upstream.endpoint.js';
import {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_STATE_BYTES,
  WEB_PUBSUB_OPTIONS,
  WEB_PUBSUB_PATH,
} from './web-pubsub.constants.js';
import { ConfigurableModuleClass } from './web-pubsub.module-definition.js';
import type { WebPubSubModuleOptions } from './web-pubsub-options.interface.js';

/** How long the application waits, when it closes, for events that are being handled. */
const SHUTDOWN_PATIENCE_MS = 10_000;

const providers: Provider[] = [
  HubRegistry,
  { provide: EventLog, useFactory: (path: string) => new EventLog(path || '/'), inject: [WEB_PUBSUB_PATH] },
  {
    provide: HubExplorer,
    useFactory: createHubExplorer,
    inject: [WEB_PUBSUB_OPTIONS, ModulesContainer, ExternalContextCreator, HubRegistry],
  },
  {
    provide: WebPubSubHubs,
    useFactory: (registry: HubRegistry, path: string) => new WebPubSubHubs(registry, path || '/'),
    inject: [HubRegistry, WEB_PUBSUB_PATH],
  },
  {
    provide: WebPubSubHealthIndicator,
    useFactory: (options: WebPubSubModuleOptions) =>
      new WebPubSubHealthIndicator(
        readServiceConnection(options)?.endpoint,
        options.serviceClientOptions?.reverseProxyEndpoint,
      ),
    inject: [WEB_PUBSUB_OPTIONS],
  },
  {
    provide: UpstreamEndpoint,
    useFactory: createEndpoint,
    inject: [WEB_PUBSUB_OPTIONS, HubRegistry, EventLog, WebPubSubHubs],
  },
  {
    provide: UpstreamAttachment,
    useFactory: createAttachment,
    inject: [WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH, HttpAdapterHost, UpstreamEndpoint],
  },
];

/**
 * Makes the application the upstream of Azure Web PubSub, and gives it service clients. Hub classes are providers of any
 * module; nothing in `main.ts` changes.
 *
 * @publicApi
 */
@Module({ providers, exports: [WebPubSubHubs, WebPubSubHealthIndicator] })
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
  ) {
    super();
  }

  onModuleInit(): void {
    this.explorer.explore();
    this.#unwatch = watchLazyModules(this.lazyModules, () => this.explorer.explore());
    this.attachment.attachToServer();
    this.log.listening(
      this.hubs.describeHubs().map(({ hub, handlers }) => ({ hub, events: handlers.map(({ event }) => event) })),
    );
  }

  /** Global modules are the last to be told, so that others can still do with events what they do when they end. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.endpoint.drain(SHUTDOWN_PATIENCE_MS);
  }

  onApplicationShutdown(): void {
    this.#unwatch?.();
    this.attachment.detach();
  }
}

function createHubExplorer(
  { globalEnhancers = true }: WebPubSubModuleOptions,
  modules: ModulesContainer,
  contextCreator: ExternalContextCreator,
  registry: HubRegistry,
): HubExplorer {
  // Nest gives its container to nobody; its creator of contexts has it.
  const { container } = contextCreator as unknown as { container: NestContainer };
  return new HubExplorer(modules, container, registry, globalEnhancers);
}

async function createEndpoint(
  options: WebPubSubModuleOptions,
  registry: HubRegistry,
  log: EventLog,
  hubs: WebPubSubHubs,
): Promise<UpstreamEndpoint> {
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES, maxStateBytes = DEFAULT_MAX_STATE_BYTES, idempotency } = options;
  const { unhandledUserEvents = 'reject', stateCodec = 'json' } = options;
  const security = createUpstreamSecurity(options);
  const observer = await loadEventObserver(options);
  return new UpstreamEndpoint({
    maxBodyBytes,
    security,
    registry,
    describeHubs: () => hubs.describeHubs(),
    dispatcher: new EventDispatcher({ unhandledUserEvents, stateCodec, maxStateBytes }, log, observer),
    log,
    ...(idempotency && { repeatedEvents: new RepeatedEvents(idempotency) }),
    ...(observer && { observer }),
  });
}

function createAttachment(
  { attach = 'server' }: WebPubSubModuleOptions,
  path: string,
  adapterHost: HttpAdapterHost,
  endpoint: UpstreamEndpoint,
): UpstreamAttachment {
  const attachment = new UpstreamAttachment(adapterHost, endpoint, path, attach);
  attachment.installMiddleware();
  return attachment;
}
