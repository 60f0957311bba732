// The error that ends a command with exit code 2: it says in one line what is wrong and how to mend it.

export class CannotRun extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CannotRun";
  }
}
