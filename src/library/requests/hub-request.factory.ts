import type { HubEvent } from '../../protocol/cloud-event.js';
import type { ConnectionStateForm } from '../../protocol/connection-states.codec.js';
import { decodeConnectionStates } from '../connection-states.js';
import { ConnectRequest } from './connect.request.js';
import { ConnectedRequest } from './connected.request.js';
import { ConnectionContext } from './connection-context.js';
import { DisconnectedRequest } from './disconnected.request.js';
import { GroupJoinedRequest, GroupLeftRequest } from './group.requests.js';
import type { HubRequest } from './hub.request.js';
import { UserEventRequest } from './user-event.request.js';

/** Makes the request that a handler gets. Throws a `MalformedEventError` or a `BadConnectionStateError`. */
export function createHubRequest(event: HubEvent, stateCodec: ConnectionStateForm): HubRequest {
  const context = new ConnectionContext(event.context, decodeConnectionStates(event.context.state, stateCodec));
  switch (event.kind) {
    case 'user':
      return new UserEventRequest(event, context);
    case 'connect':
      return new ConnectRequest(event, context);
    case 'connected':
      return new ConnectedRequest(context);
    case 'disconnected':
      return new DisconnectedRequest(event, context);
    case 'joined':
      return new GroupJoinedRequest(event, context);
    case 'left':
      return new GroupLeftRequest(event, context);
  }
}
