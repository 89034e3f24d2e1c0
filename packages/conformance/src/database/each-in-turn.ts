/** What comes of each, one after the other: what they ask for shares a session, and a session answers one at a time. */
export async function eachInTurn<Given, Made>(
  all: readonly Given[],
  work: (one: Given) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = []
  for (const one of all) made.push(await work(one))
  return made
}
