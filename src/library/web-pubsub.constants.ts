/** Keys and tokens are strings, the same in every copy of the package that an application may load. */

/** On a hub class: the name of its hub. */
export const HUB_METADATA = 'nestjs-web-pubsub:hub';

/** On a method: the events it handles, a list of `HandledEvent`. */
export const HANDLED_EVENTS_METADATA = 'nestjs-web-pubsub:handled-events';

/** Injection token of the module's options. */
export const WEB_PUBSUB_OPTIONS = 'nestjs-web-pubsub:options';

/** Injection token of the path that receives events, without a trailing slash. */
export const WEB_PUBSUB_PATH = 'nestjs-web-pubsub:path';

/** Injection token of what events must prove, an `UpstreamSecurity`. */
export const UPSTREAM_SECURITY = 'nestjs-web-pubsub:upstream-security';

/**
 * Injection tokens under which the test kit finds `WebPubSubHubs`, `ServiceClientFactory`, `ServiceClients` and
 * `GracefulShutdown`, whose classes are others in another copy of the package.
 */
export const WEB_PUBSUB_HUBS = 'nestjs-web-pubsub:hubs';
export const SERVICE_CLIENT_FACTORY = 'nestjs-web-pubsub:service-client-factory';
export const SERVICE_CLIENTS = 'nestjs-web-pubsub:service-clients';
export const GRACEFUL_SHUTDOWN = 'nestjs-web-pubsub:graceful-shutdown';

/** What `ArgumentsHost.getType()` answers while a hub handler runs. */
export const WEB_PUBSUB_CONTEXT_TYPE = 'webpubsub';

export const DEFAULT_PATH = '/eventhandler';

/** A message of 1 MiB, the service's limit, and room for the envelope of a `connect` [upstream-events 8.2]. */
export const DEFAULT_MAX_BODY_BYTES = 1_048_576 + 65_536;

export const DEFAULT_MAX_STATE_BYTES = 8_192;

/**
 * `ce-type` of a request that asks which hubs and events are served; the doctor's, the service sends none such.
 * Answered with `describeHubs()` as JSON where events must prove their sender; elsewhere it is an unknown system event.
 */
export const DESCRIBE_HUBS_TYPE = 'azure.webpubsub.sys.nestjs-web-pubsub-describe-hubs';
