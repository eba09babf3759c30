export { WebPubSubModule } from './library/web-pubsub.module.js';
export type { WebPubSubModuleExtras } from './library/web-pubsub.module-definition.js';
export type {
  EntraOptions,
  UpstreamAuthOptions,
  WebPubSubModuleOptions,
  WebPubSubOptionsFactory,
} from './library/web-pubsub-options.interface.js';

export { WebPubSubHub } from './library/decorators/web-pubsub-hub.decorator.js';
export {
  OnConnect,
  OnConnected,
  OnDisconnected,
  OnGroupJoined,
  OnGroupLeft,
  OnMessage,
  OnUserEvent,
} from './library/decorators/event-handler.decorators.js';
export { Connection, EventData, EventRequest, States } from './library/decorators/event-params.decorators.js';

export { ConnectRequest } from './library/requests/connect.request.js';
export { ConnectResponse } from './library/requests/connect.response.js';
export { ConnectedRequest } from './library/requests/connected.request.js';
export { ConnectionContext } from './library/requests/connection-context.js';
export { ConnectionStates } from './library/connection-states.js';
export { DisconnectedRequest } from './library/requests/disconnected.request.js';
export { GroupJoinedRequest, GroupLeftRequest } from './library/requests/group.requests.js';
export { HubRequest } from './library/requests/hub.request.js';
export { UserEventRequest } from './library/requests/user-event.request.js';
export { UserEventResponse, type UserEventResponseOptions } from './library/requests/user-event.response.js';

export type {
  MqttConnectProperties,
  MqttDisconnectProperties,
  MqttUserProperty,
  MultiMap,
} from './protocol/cloud-event.js';
export type { MessageDataType, MessageMetadata } from './protocol/message-data.js';

export { isWebPubSubContext, WebPubSubExecutionContext } from './library/hubs/hub-execution-context.js';
export type { HubDescription } from './library/hubs/hub-description.interface.js';
export { WebPubSubHubs } from './library/hubs/web-pubsub-hubs.js';

export {
  WebPubSubHealthIndicator,
  type ServiceHealth,
  type ServicePingOptions,
} from './library/observability/web-pubsub.health-indicator.js';

export { MqttConnectException } from './library/errors/mqtt-connect.exception.js';
export { StartUpError } from './library/errors/start-up.error.js';

export {
  ServiceClients,
  type ClientAccess,
  type ClientAccessOptions,
} from './library/service-client/service-clients.js';
export { getServiceClientToken, InjectServiceClient } from './library/service-client/service-client.tokens.js';

export type { IdempotencyOptions, IdempotencyStore } from './library/idempotency/idempotency-store.interface.js';
export {
  InMemoryIdempotencyStore,
  type InMemoryIdempotencyOptions,
} from './library/idempotency/in-memory-idempotency.store.js';

export { diagnoseUpstream, type DiagnoseUpstreamOptions } from './library/doctor/diagnose-upstream.js';
export {
  formatDiagnosis,
  type UpstreamCheck,
  type UpstreamDiagnosis,
  type UpstreamFinding,
} from './library/doctor/upstream-diagnosis.js';
export { hubSettingsFor, type HubEventHandler, type HubSettings } from './library/doctor/hub-settings.js';
