/** Bytes of one answer of a plug-in; what is longer is a failure. */
export const answerLimit: number = 4 * 1024 * 1024;

/** Words for an answer beyond it. */
export const answerTooLong: string = `its answer is longer than ${answerLimit} bytes`;
