const PLAIN = /^[A-Za-z0-9_.:/@-]{1,253}$/

/**
 * A name that a user of the cluster may choose freely (a field manager, an image, a variable, an alert), as far as it is one:
 * without spaces it is a name and no sentence. Anything else is said to be `unnamed`.
 */
export const plainName = (text: string): string => (text === '' || PLAIN.test(text) ? text : 'unnamed')
