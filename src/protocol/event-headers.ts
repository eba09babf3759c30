/** Header names of events and their answers, in the service's casing [upstream-events 4]. */
export const EVENT_HEADERS = {
  specVersion: 'ce-specversion',
  awpsVersion: 'ce-awpsversion',
  type: 'ce-type',
  source: 'ce-source',
  id: 'ce-id',
  time: 'ce-time',
  signature: 'ce-signature',
  connectionId: 'ce-connectionId',
  hub: 'ce-hub',
  eventName: 'ce-eventName',
  userId: 'ce-userId',
  subprotocol: 'ce-subprotocol',
  connectionState: 'ce-connectionState',
  physicalConnectionId: 'ce-physicalConnectionId',
  sessionId: 'ce-sessionId',
  requestOrigin: 'WebHook-Request-Origin',
  allowedOrigin: 'WebHook-Allowed-Origin',
} as const;

/** Followed by the metadata key, in lower case. */
export const METADATA_HEADER_PREFIX = 'x-webpubsub-metadata-';

/** Followed by the name of an MQTT user property. */
export const MQTT_HEADER_PREFIX = 'mqtt-';

/** What `ce-type` begins with, before the event's name. */
export const EVENT_TYPE_PREFIXES = {
  system: 'azure.webpubsub.sys.',
  user: 'azure.webpubsub.user.',
  group: 'azure.webpubsub.gp.',
} as const;

/** Media types of events, by data type; system events are JSON [upstream-events 4.1]. */
export const EVENT_CONTENT_TYPES = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  binary: 'application/octet-stream',
  protobuf: 'application/x-protobuf',
} as const;

/** Media types of answers, by data type. */
export const REPLY_CONTENT_TYPES = { ...EVENT_CONTENT_TYPES, json: 'application/json; charset=utf-8' } as const;
