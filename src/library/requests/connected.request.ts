import { HubRequest } from './hub.request.js';

/**
 * A client has connected [upstream-events 6.2].
 *
 * @publicApi
 */
export class ConnectedRequest extends HubRequest {}
