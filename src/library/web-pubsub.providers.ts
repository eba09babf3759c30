import type { Provider } from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost, ModulesContainer, type NestContainer } from '@nestjs/core';
import { StartUpError } from './errors/start-up.error.js';
import { HubExplorer } from './hubs/hub.explorer.js';
import { HubRegistry } from './hubs/hub.registry.js';
import { WebPubSubHubs } from './hubs/web-pubsub-hubs.js';
import { RepeatedEvents } from './idempotency/repeated-events.js';
import { loadEventObserver } from './observability/load-event-observer.js';
import { WebPubSubHealthIndicator } from './observability/web-pubsub.health-indicator.js';
import { createUpstreamSecurity, type UpstreamSecurity } from './security/upstream-security.js';
import { readServiceConnection } from './service-client/service-connection.js';
import { EventDispatcher } from './upstream/event.dispatcher.js';
import { EventLog } from './upstream/event.log.js';
import { UpstreamAttachment } from './upstream/upstream.attachment.js';
import { UpstreamEndpoint } from './upstream/upstream.endpoint.js';
import {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_STATE_BYTES,
  UPSTREAM_SECURITY,
  WEB_PUBSUB_HUBS,
  WEB_PUBSUB_OPTIONS,
  WEB_PUBSUB_PATH,
} from './web-pubsub.constants.js';
import type { WebPubSubModuleOptions } from './web-pubsub-options.interface.js';
import { MODULE_NOT_CONFIGURED } from './web-pubsub-options.messages.js';

/** What `forRoot` and `forRootAsync` provide beside options, path and service clients. */
export const moduleProviders = [
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
  { provide: WEB_PUBSUB_HUBS, useExisting: WebPubSubHubs },
  {
    provide: WebPubSubHealthIndicator,
    useFactory: (options: WebPubSubModuleOptions) =>
      new WebPubSubHealthIndicator(
        readServiceConnection(options)?.endpoint,
        options.serviceClientOptions?.reverseProxyEndpoint,
      ),
    inject: [WEB_PUBSUB_OPTIONS],
  },
  { provide: UPSTREAM_SECURITY, useFactory: createUpstreamSecurity, inject: [WEB_PUBSUB_OPTIONS] },
  {
    provide: UpstreamEndpoint,
    useFactory: createEndpoint,
    inject: [WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH, UPSTREAM_SECURITY, HubRegistry, EventLog, WebPubSubHubs],
  },
  {
    provide: UpstreamAttachment,
    useFactory: createAttachment,
    inject: [WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH, HttpAdapterHost, UpstreamEndpoint],
  },
] satisfies Provider[];

/**
 * What the module has when it is imported without `forRoot`, in the place of which those put what works: whoever asks for
 * one of them learns what is wrong, where Nest would say that it cannot be resolved.
 */
export function unconfiguredProviders(): Provider[] {
  const useFactory = (): never => {
    throw new StartUpError(MODULE_NOT_CONFIGURED);
  };
  return moduleProviders.map((provider) => ({
    provide: typeof provider === 'function' ? provider : provider.provide,
    useFactory,
  }));
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
  eventPath: string,
  security: UpstreamSecurity,
  registry: HubRegistry,
  log: EventLog,
  hubs: WebPubSubHubs,
): Promise<UpstreamEndpoint> {
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES, maxStateBytes = DEFAULT_MAX_STATE_BYTES, idempotency } = options;
  const { unhandledUserEvents = 'reject', stateCodec = 'json' } = options;
  const path = eventPath || '/';
  const observer = await loadEventObserver(options);
  return new UpstreamEndpoint({
    maxBodyBytes,
    path,
    security,
    registry,
    describeHubs: () => hubs.describeHubs(),
    dispatcher: new EventDispatcher({ unhandledUserEvents, stateCodec, maxStateBytes, path }, log, observer),
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
