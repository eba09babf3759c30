import { BadRequestException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { UserIdPipe } from '../../../src/sample/user-id.pipe.js';

describe('UserIdPipe', () => {
  const pipe = new UserIdPipe();

  it.each(['ann', 'Ann Lee', 'Zoë', '小明', '👩‍🚀', 'a'.repeat(64)])('lets %s in as it is', (userId) => {
    expect(pipe.transform(userId)).toBe(userId);
  });

  it.each([
    ['no user id', undefined, 'Name the user: /negotiate?userId=ann'],
    ['two user ids', ['ann', 'bob'], 'Give userId once, as text.'],
    ['an object', { a: 'b' }, 'Give userId once, as text.'],
    ['an empty one', '', 'userId is empty.'],
    ['blanks', '   ', 'userId is empty.'],
    ['one too long', 'a'.repeat(65), 'userId has 65 characters; 64 are the most.'],
    ['a line break', 'ann\nbob', 'userId has a control character.'],
    ['the name of the chat itself', '[System]', 'The name [System] belongs to the chat itself.'],
  ])('answers %s with 400 and the reason', (_name, value, message) => {
    expect(() => pipe.transform(value)).toThrow(new BadRequestException(message));
  });
});
