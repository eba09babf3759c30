/** The package `@opentelemetry/api`. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** Name of the instrumentation: of its tracer and its meter. */
export const INSTRUMENTATION = 'nestjs-web-pubsub';

/**
 * Name of the key by which a context has what instrumentation of HTTP will call its span: an object with `type` and `route`
 * [OpenTelemetry JS: `getRPCMetadata` of @opentelemetry/core].
 */
export const RPC_METADATA = 'OpenTelemetry SDK Context Key RPC_METADATA';

/** Names of attributes: those of the messaging conventions, and below `messaging.azure_web_pubsub` what only this service has. */
export const ATTRIBUTES = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  hub: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  bodySize: 'messaging.message.body.size',
  serverAddress: 'server.address',
  eventName: 'messaging.azure_web_pubsub.event.name',
  eventGroup: 'messaging.azure_web_pubsub.event.group',
  connectionId: 'messaging.azure_web_pubsub.connection.id',
  status: 'http.response.status_code',
  errorType: 'error.type',
} as const;

/** Upper bounds of the durations that are counted together, as the conventions advise. Seconds. */
export const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
