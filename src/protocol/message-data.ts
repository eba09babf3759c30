/**
 * A payload as it travels between client, service and upstream. JSON stays JSON text: it is embedded or sent on as it
 * came, so that no number loses a digit on the way; whoever hands it to an application parses it.
 */
export type MessageData =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly json: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  /** A serialized `google.protobuf.Any`. */
  | { readonly kind: 'protobuf'; readonly bytes: Uint8Array };

/**
 * The data types of the service: what a payload is declared as.
 *
 * @publicApi
 */
export type MessageDataType = MessageData['kind'];

/** The longest that a message may wait for its receivers. Seconds [rest-api 5]. */
export const MAX_MESSAGE_TTL_SECONDS = 300;

/**
 * Message metadata: string to string; keys in lower case where they crossed HTTP headers.
 *
 * @publicApi
 */
export type MessageMetadata = Readonly<Record<string, string>>;

/** The payload as it stands in a body or a frame: text, JSON text or bytes. */
export function contentOf(data: MessageData): string | Uint8Array {
  switch (data.kind) {
    case 'text':
      return data.text;
    case 'json':
      return data.json;
    default:
      return data.bytes;
  }
}
