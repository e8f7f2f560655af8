// What is wrong with a configuration, in words for its owner.

/** A configuration that cannot be used; the message has one line per problem. */
export class ConfigError extends Error {
  /** An error with all problems. */
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "ConfigError";
  }
}
