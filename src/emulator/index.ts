/** Door 2: the service on the developer's own machine. */
export { WebPubSubEmulator } from './web-pubsub-emulator.js';
export type { EmulatorOptions } from './emulator-options.js';
export { InvalidSettingError } from './setting.errors.js';
export { silentLogger, type EmulatorLogger } from './emulator-logger.js';
export { DEFAULT_ACCESS_KEY } from './access-keys.js';
export { EMULATOR_APP_ID, EMULATOR_TENANT_ID } from './identity/managed-identity.js';
export type {
  DelayUpstreamFault,
  DropSocketFault,
  ExpireAccessTokenFault,
  ExpireReconnectionTokenFault,
  FailUpstreamFault,
  Fault,
  FaultHandle,
  FaultKind,
  ForceRecoveryFault,
  RefuseValidationFault,
  RepeatUpstreamFault,
  ThrottleClientFault,
  UpstreamFaultTarget,
} from './faults/fault.js';
export { FaultTargetError } from './faults/fault.errors.js';
export type { FaultSwitches } from './faults/fault-switches.js';
export { systemClock, type Clock, type ScheduledCall } from './core/clock.js';
export type { EventHandlerAuth, EventHandlerSettings, HubSettings, SystemEventName } from './core/hub-settings.js';
export type { ClientTraffic, RestTraffic, TrafficEntry, TrafficLog, UpstreamTraffic } from './traffic-log.js';
export type { TunnelControl, TunnelMove, TunnelStatus } from './tunnel/tunnel-control.js';
export type { EventListener, ListenedEvent } from './upstream/event-listeners.js';
export type { UpstreamRequest, UpstreamResponse } from './core/upstream-transport.js';
export type { ConnectedEvent, DisconnectedEvent, EventContext, UserEvent } from '../protocol/cloud-event.js';
