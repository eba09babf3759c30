import type { EmulatorContext } from '../emulator-context.js';
import type { MqttSession } from './mqtt-session.js';
import type { MqttSocket } from './mqtt-socket.js';

/** A client that was accepted: its session, and the socket on which a packet of it came. */
export interface MqttExchange {
  readonly session: MqttSession;
  readonly socket: MqttSocket;
  readonly context: EmulatorContext;
}
