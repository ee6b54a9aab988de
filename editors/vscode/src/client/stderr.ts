/** What to do with the lines that the server writes to its standard error. Pure. */

/** A record of the server's log. It comes as a message too, so here it is only repeated. */
const RECORD = /^\d{4}-\d\d-\d\d [\d:,.]+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) /;

/** The level at which to log a line: what is no record, such as a traceback, is all that tells of a crash. */
export function stderrLevel(line: string): "trace" | "error" {
  return RECORD.test(line) ? "trace" : "error";
}
