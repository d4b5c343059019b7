// Which tests a change asks for, from the table of rooms. Pure: paths in, paths out.
import { reachable, rooms } from '../../.dependency-cruiser.mjs';
import { isLong } from './forms.mjs';

const roomOf = (file) => /^src\/([^/]+)\//.exec(file)?.[1];

/** Rooms that changed, and all that may import them. */
export function affectedRooms(changed) {
  const touched = new Set(changed.map(roomOf).filter((room) => room !== undefined));
  // A file of src/ outside the rooms is the public face, which stands above all of them and is no test's subject.
  return Object.keys(rooms).filter((room) => [...reachable(room)].some((below) => touched.has(below)));
}

/** Of all test files the quick ones of affected rooms, and those that were changed themselves. */
export function affectedTests(changed, testFiles) {
  const affected = new Set(affectedRooms(changed));
  const own = new Set(changed);
  return testFiles.filter((file) => own.has(file) || (affected.has(roomOf(file)) && !isLong(file)));
}
