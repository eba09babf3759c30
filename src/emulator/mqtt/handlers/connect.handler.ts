import { randomUUID } from 'node:crypto';
import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import { ClientConnection } from '../../core/client-connection.js';
import type { ConnectOutcome } from '../../core/event-sink.js';
import type { Hub } from '../../core/hub.js';
import { ConnectionPermissions } from '../../core/permissions.js';
import type { EmulatorContext } from '../../emulator-context.js';
import type { SocketFlusher } from '../../frames/socket-flusher.js';
import type { Deliveries } from '../delivery.js';
import type { MqttHandshake } from '../mqtt-handshake.js';
import { MqttSession, type SessionTerms } from '../mqtt-session.js';
import type { MqttSessionRegistry } from '../mqtt-session.registry.js';
import { MAX_PACKET_BYTES, type MqttSocket } from '../mqtt-socket.js';
import { REASON_CODES, RETURN_CODES, toConnectRefusal, type ConnectRefusal } from '../reason-codes.js';
import { fitsMqttString, readUserProperties, writeUserProperties } from '../user-properties.js';
import { readWill } from '../will.js';
import { findConnectFault, MAX_RETENTION_SECONDS, versionOf } from './connect.validator.js';

export interface ConnectServices {
  readonly context: EmulatorContext;
  readonly hub: Hub;
  readonly sessions: MqttSessionRegistry;
  readonly flusher: SocketFlusher;
  readonly deliveries: Deliveries;
}

const MAX_RECEIVE = 65_535;

/** The session the client is in from now on; undefined when it was refused, and its socket closed. */
export async function handleConnect(
  packet: IConnectPacket,
  socket: MqttSocket,
  handshake: MqttHandshake,
  services: ConnectServices,
): Promise<MqttSession | undefined> {
  socket.startConnect(versionOf(packet));
  const { hub, sessions } = services;
  const clientId = packet.clientId || randomUUID().replaceAll('-', '');
  const fault = findConnectFault(packet) ?? (sessions.isForeign(hub, clientId) ? connectionIdInUse() : undefined);
  if (fault) {
    // An MQTT 3.1.1 client sees no more than a number.
    services.context.logger.warn(`An MQTT client of hub ${hub.name} was refused: ${fault.reason}`);
    return refuse(socket, fault, fault.reason ?? '', handshake, services);
  }

  const connection = createConnection(clientId, socket, handshake, services);
  const outcome = await raiseConnect(connection, packet, socket, handshake);
  if (!socket.isOpen) {
    // [upstream-events 6.1] what upstream has accepted it is told the end of
    if (outcome.kind === 'accepted' && !sessions.find(hub, clientId)) {
      hub.events.disconnected(connection, 'The client left before it was connected.', socket.ending);
    }
    return undefined;
  }
  // [client-mqtt 8] what the event handler says in words reaches clients of 5.0 only, in the CONNACK
  if (outcome.kind === 'refused') return refuse(socket, toConnectRefusal(outcome), '', handshake, services);

  const terms = readTerms(packet);
  const existing = sessions.find(hub, clientId);
  // [mqtt-5 3.1.2.11.2] [mqtt-3.1.1 3.1.2.4] a session that ends with its network connection is not for others to take
  // up
  const isResumed = existing !== undefined && !packet.clean && existing.retentionMs > 0;
  if (existing && !isResumed) {
    existing.end('Another client began a new session with this client id.', REASON_CODES.sessionTakenOver);
  }
  // [assumed] of a resumed session everything stays as it is, connection state included
  const session = isResumed ? existing : createSession(connection, handshake, outcome, services);
  socket.maximumPacketSize = packet.properties?.maximumPacketSize;
  socket.wantsProblemInformation = packet.properties?.requestProblemInformation ?? true;
  socket.startKeepAlive(packet.keepalive ?? 0);
  socket.send(connackFor(packet, clientId, isResumed, outcome));
  session.attach(socket, terms);
  record(services, isResumed ? 'recovered' : 'connected', handshake, session.connection.connectionId);
  if (!isResumed) hub.events.connected(connection);
  return session;
}

function createConnection(
  clientId: string,
  socket: MqttSocket,
  { identity }: MqttHandshake,
  { context, hub }: ConnectServices,
): ClientConnection {
  const connection = new ClientConnection(hub, clientId, permissionsFor(identity.roles, context));
  connection.userId = identity.userId;
  connection.subprotocol = 'mqtt';
  connection.mqtt = { physicalConnectionId: socket.physicalConnectionId };
  return connection;
}

function raiseConnect(
  connection: ClientConnection,
  packet: IConnectPacket,
  socket: MqttSocket,
  { details }: MqttHandshake,
): Promise<ConnectOutcome> {
  const userProperties = readUserProperties(packet.properties?.userProperties);
  const mqtt = {
    protocolVersion: socket.version,
    cleanStart: packet.clean ?? false,
    username: packet.username,
    password: packet.password && Buffer.from(packet.password).toString('base64'),
    userProperties: userProperties.length > 0 ? userProperties : undefined,
  };
  return connection.hub.events.connect(connection, { ...details, mqtt }, socket.goneSignal).then((outcome) => {
    if (outcome.kind === 'refused' || outcome.subprotocol === undefined || outcome.subprotocol === 'mqtt') {
      return outcome;
    }
    const reason = `The event handler chose the subprotocol ${outcome.subprotocol}; an MQTT client has only mqtt.`;
    return { kind: 'refused', status: 500, reason } as const;
  });
}

/** [client-mqtt 3.2] user, roles and groups of the answer count for a new session only. */
function createSession(
  connection: ClientConnection,
  { identity }: MqttHandshake,
  outcome: ConnectOutcome & { kind: 'accepted' },
  { context, hub, sessions, deliveries }: ConnectServices,
): MqttSession {
  if (outcome.userId !== undefined) connection.userId = outcome.userId;
  if (outcome.roles) connection.permissions = permissionsFor(outcome.roles, context);
  const session = new MqttSession(connection, context, deliveries, (ended) => sessions.remove(ended));
  connection.attach(session);
  hub.add(connection, outcome.groups ?? identity.groups);
  sessions.add(session);
  return session;
}

function permissionsFor(roles: readonly string[], { logger }: EmulatorContext): ConnectionPermissions {
  return new ConnectionPermissions(roles, (problem) => logger.warn(problem));
}

function readTerms(packet: IConnectPacket): SessionTerms {
  return {
    retentionMs: retentionSeconds(packet) * 1000,
    receiveMaximum: packet.properties?.receiveMaximum ?? MAX_RECEIVE,
    will: readWill(packet),
  };
}

/** [client-mqtt 3] at most 30 s; in 3.1.1 a session is either kept so long, or not at all. */
function retentionSeconds(packet: IConnectPacket): number {
  if (versionOf(packet) === 4) return packet.clean ? 0 : MAX_RETENTION_SECONDS;
  return Math.min(packet.properties?.sessionExpiryInterval ?? 0, MAX_RETENTION_SECONDS);
}

/**
 * What the standard requires of a server with the service's limits [client-mqtt 3.1]; what it sends itself is
 * [assumed].
 */
function connackFor(
  packet: IConnectPacket,
  clientId: string,
  sessionPresent: boolean,
  outcome: ConnectOutcome & { kind: 'accepted' },
): IConnackPacket {
  if (versionOf(packet) === 4) return { cmd: 'connack', returnCode: 0, sessionPresent };
  const requestedExpiry = packet.properties?.sessionExpiryInterval ?? 0;
  return {
    cmd: 'connack',
    reasonCode: REASON_CODES.success,
    sessionPresent,
    properties: {
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
      maximumPacketSize: MAX_PACKET_BYTES,
      assignedClientIdentifier: packet.clientId === '' ? clientId : undefined,
      sessionExpiryInterval: requestedExpiry > MAX_RETENTION_SECONDS ? MAX_RETENTION_SECONDS : undefined,
      userProperties: writeUserProperties(outcome.mqtt?.userProperties ?? []),
    },
  };
}

function refuse(
  socket: MqttSocket,
  { reasonCode, returnCode, reason, userProperties }: ConnectRefusal,
  closeReason: string,
  handshake: MqttHandshake,
  services: ConnectServices,
): undefined {
  socket.send(
    socket.version === 4
      ? { cmd: 'connack', returnCode, sessionPresent: false }
      : {
          cmd: 'connack',
          reasonCode,
          sessionPresent: false,
          properties: {
            reasonString: reason !== undefined && fitsMqttString(reason) ? reason : undefined,
            userProperties: writeUserProperties(userProperties ?? []),
          },
        },
  );
  socket.close(1000, closeReason);
  const code = `CONNACK 0x${(socket.version === 4 ? returnCode : reasonCode).toString(16)}`;
  record(services, 'refused', handshake, undefined, reason ? `${code}: ${reason}` : code);
}

function connectionIdInUse(): ConnectRefusal {
  return {
    reasonCode: REASON_CODES.clientIdentifierNotValid,
    returnCode: RETURN_CODES.identifierRejected,
    reason: 'A client of another protocol has this connection id.',
  };
}

function record(
  { context, hub }: ConnectServices,
  action: 'connected' | 'recovered' | 'refused',
  handshake: MqttHandshake,
  connectionId: string | undefined,
  summary = 'mqtt',
): void {
  context.traffic.record({
    door: 'client',
    hub: hub.name,
    action,
    connectionId,
    userId: (connectionId !== undefined && hub.connections.get(connectionId)?.userId) || handshake.identity.userId,
    summary,
    tokenClaims: handshake.claims,
  });
}
