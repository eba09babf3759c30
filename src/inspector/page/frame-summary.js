import { element } from './dom.js';

/**
 * A frame of the JSON subprotocols in one line, what matters first, in parts; undefined for a frame of no known kind. Names
 * have boxes of their own: others chose them, perhaps with characters that turn the direction of what follows.
 */
export function describeFrame(frame) {
  const ack = frame.ackId === undefined ? '' : ` (ack ${frame.ackId})`;
  switch (frame.type) {
    case 'system':
      return frame.event === 'connected'
        ? ['connected as ', nameBox(frame.userId ?? 'anonymous')]
        : [`${frame.event}${frame.message ? `: ${frame.message}` : ''}`];
    case 'message':
      return [...sourceOf(frame), `: ${dataOf(frame)}`];
    case 'ack':
      return [`ack ${frame.ackId} ${frame.success ? 'success' : `${frame.error?.name}: ${frame.error?.message}`}`];
    case 'event':
      return ['event ', nameBox(frame.event), `: ${dataOf(frame)}${ack}`];
    case 'sendToGroup':
      return ['to group ', nameBox(frame.group), `: ${dataOf(frame)}${ack}`];
    case 'joinGroup':
    case 'leaveGroup':
      return [`${frame.type} `, nameBox(frame.group), ack];
    case 'sequenceAck':
      return [`sequenceAck ${frame.sequenceId}`];
    case 'ping':
    case 'pong':
      return [frame.type];
    default:
      return undefined;
  }
}

function sourceOf({ from, group, fromUserId }) {
  if (from !== 'group') return ['from the server'];
  return ['from group ', nameBox(group), ...(fromUserId ? [', ', nameBox(fromUserId)] : [])];
}

function nameBox(name) {
  return element('span', { class: 'frame-name' }, name);
}

function dataOf({ data }) {
  return typeof data === 'string' ? data : JSON.stringify(data);
}
