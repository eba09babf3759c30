/**
 * A setting that cannot be used. The message begins with the field, says what is wrong and what would be right.
 *
 * @publicApi
 */
export class InvalidSettingError extends TypeError {
  override readonly name = 'InvalidSettingError';

  constructor(
    /** Where the setting stands: `hubs.chat.eventHandlers[0].urlTemplate`. */
    readonly field: string,
    readonly problem: string,
  ) {
    super(field === '' ? problem : `${field}: ${problem}`);
  }
}
