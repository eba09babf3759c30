import { IsString, Length } from 'class-validator';

export class RoomDto {
  @IsString()
  @Length(1, 64)
  room!: string;
}
