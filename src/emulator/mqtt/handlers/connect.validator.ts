import type { IConnectPacket } from 'mqtt-packet';
import { hasRepeatedProperty } from '../packet-properties.js';
import { REASON_CODES, RETURN_CODES, type ConnectRefusal } from '../reason-codes.js';
import { findWillFault } from '../will.js';

/** The longest that a session outlives its network connection [client-mqtt 3]. */
export const MAX_RETENTION_SECONDS = 30;

const CLIENT_ID = /^[0-9A-Za-z]{1,128}$/;
const MAX_KEEP_ALIVE_SECONDS = 180;

/** Of a level that is not supported too: the version in which the refusal is written. */
export function versionOf(packet: IConnectPacket): 4 | 5 {
  return packet.protocolVersion === 5 ? 5 : 4;
}

/** What the service refuses without asking upstream [client-mqtt 3]. */
export function findConnectFault(packet: IConnectPacket): ConnectRefusal | undefined {
  return (
    findVersionFault(packet) ??
    findClientIdFault(packet) ??
    findKeepAliveFault(packet) ??
    findPropertyFault(packet) ??
    findWillFault(packet)
  );
}

function findVersionFault(packet: IConnectPacket): ConnectRefusal | undefined {
  const { protocolId, protocolVersion } = packet;
  const isBridge = 'bridgeMode' in packet;
  if (protocolId === 'MQTT' && (protocolVersion === 4 || protocolVersion === 5) && !isBridge) return undefined;
  return {
    reasonCode: REASON_CODES.unsupportedProtocolVersion,
    returnCode: RETURN_CODES.unacceptableProtocolVersion,
    reason: 'MQTT 3.1.1 and 5.0 are supported.',
  };
}

/** An empty one is replaced by the service in 5.0; in 3.1.1 it breaks the rule for client ids [assumed]. */
function findClientIdFault({ clientId, protocolVersion }: IConnectPacket): ConnectRefusal | undefined {
  if (CLIENT_ID.test(clientId) || (clientId === '' && protocolVersion === 5)) return undefined;
  return {
    reasonCode: REASON_CODES.clientIdentifierNotValid,
    returnCode: RETURN_CODES.identifierRejected,
    reason: 'A client id has 1 to 128 letters and digits.',
  };
}

/** In 5.0 any interval is accepted, and 0 switches the check off; the code for 3.1.1 is not published [assumed]. */
function findKeepAliveFault({ keepalive = 0, protocolVersion }: IConnectPacket): ConnectRefusal | undefined {
  if (protocolVersion === 5 || (keepalive >= 1 && keepalive <= MAX_KEEP_ALIVE_SECONDS)) return undefined;
  return {
    reasonCode: REASON_CODES.protocolError,
    returnCode: RETURN_CODES.serverUnavailable,
    reason: `In MQTT 3.1.1 the keep alive is 1 to ${MAX_KEEP_ALIVE_SECONDS} s.`,
  };
}

function findPropertyFault(packet: IConnectPacket): ConnectRefusal | undefined {
  const { properties = {} } = packet;
  const returnCode = RETURN_CODES.serverUnavailable;
  if (hasRepeatedProperty(packet)) {
    return { reasonCode: REASON_CODES.protocolError, returnCode, reason: 'A property comes more than once.' };
  }
  if (properties.authenticationMethod !== undefined) {
    return {
      reasonCode: REASON_CODES.badAuthenticationMethod,
      returnCode,
      reason: 'Enhanced authentication is not supported.',
    };
  }
  // [mqtt-5 3.1.2.11.3, 3.1.2.11.4]
  if (properties.receiveMaximum === 0 || properties.maximumPacketSize === 0) {
    return {
      reasonCode: REASON_CODES.protocolError,
      returnCode,
      reason: 'Receive Maximum and Maximum Packet Size must not be 0.',
    };
  }
  return undefined;
}
