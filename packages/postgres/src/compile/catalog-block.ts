import { hashOf } from "./step.js"

/**
 * A DO block that reads the catalog: the deparser prints names relative to the search path, and compiling the question to
 * machine code would take longer than its answer (see `interpreted`).
 */
export function catalogBlock(declared: string, body: string): string {
  // What is between the marks holds texts of the host.
  const mark = `$wk_${hashOf(declared + body).slice(0, 8)}$`
  return `do ${mark}
declare
  path_before text := current_setting('search_path');
  jit_before text := current_setting('jit');
${declared}
begin
  perform set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true);
${body}
  perform set_config('search_path', path_before, true), set_config('jit', jit_before, true);
end ${mark}`
}
