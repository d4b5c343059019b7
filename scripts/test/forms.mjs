// Which test files each form runs. Pure: names and texts in, names out.

/** A file that `npm test` leaves out whole: what takes long, and is of a kind of which other files try some. */
export const isLong = (name) => /\.long\.test\.[jt]s$/.test(name);

/** Whether a compiled test file tries more in the long form: it takes its share from `test/effort.ts`. */
const hasShare = (text) => /\/effort\.js['"]/.test(text);

export const shortForm = (files) => files.filter((file) => !isLong(file));

/** Those of which `npm test` has not run all. */
export const longForm = (files, textOf) => files.filter((file) => isLong(file) || hasShare(textOf(file)));
