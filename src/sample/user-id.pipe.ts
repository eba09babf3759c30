import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { MAX_USER_ID_LENGTH, SYSTEM_SENDER } from './chat.constants.js';

/** The user id of a negotiation; answers 400 with the reason when it cannot be one. */
@Injectable()
export class UserIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (value === undefined) throw new BadRequestException('Name the user: /negotiate?userId=ann');
    if (typeof value !== 'string') throw new BadRequestException('Give userId once, as text.');
    if (value.trim() === '') throw new BadRequestException('userId is empty.');
    if (value.length > MAX_USER_ID_LENGTH) {
      throw new BadRequestException(`userId has ${value.length} characters; ${MAX_USER_ID_LENGTH} are the most.`);
    }
    if (/\p{Cc}/u.test(value)) throw new BadRequestException('userId has a control character.');
    if (value === SYSTEM_SENDER) throw new BadRequestException(`The name ${SYSTEM_SENDER} belongs to the chat itself.`);
    return value;
  }
}
