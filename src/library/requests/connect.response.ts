/**
 * With what a client is accepted: an object of these fields will do. What is absent stays as the access token says
 * [upstream-events 6.1]. A class, so that decorator metadata can name it as the return type of a handler.
 *
 * @publicApi
 */
export class ConnectResponse {
  /** Replaces the user id of the token. */
  userId?: string | undefined;
  /** Groups that the client is in from the start; an empty list keeps those of the token. */
  groups?: string[] | undefined;
  /** Such as `webpubsub.sendToGroup.news` [auth 6]; an empty list takes those of the token away. */
  roles?: string[] | undefined;
  /** One of those that the client offers. Default: the first one that the service speaks. */
  subprotocol?: string | undefined;
  /** MQTT 5.0: user properties of the CONNACK. */
  mqtt?: { userProperties?: { name: string; value: string }[] | undefined } | undefined;
}
