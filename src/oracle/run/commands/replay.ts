// How a failing sequence is written down and found again: fast-check needs its own path, and which of the commands were run.

export interface Replay {
  path: string;
  replayPath: string;
}

const kind = "commands";

/** As `--replay` takes it. */
export function replayText({ path, replayPath }: Replay): string {
  return [kind, path, replayPath].join("@");
}

/** Undefined for what another stage wrote. */
export function parseReplay(text: string | undefined): Replay | undefined {
  const [written, path, replayPath] = text?.split("@") ?? [];
  return written === kind && path !== undefined && replayPath !== undefined ? { path, replayPath } : undefined;
}
