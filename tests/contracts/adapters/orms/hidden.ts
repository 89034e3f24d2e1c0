/** What happens where an ORM names every column of a table in an INSERT, with DEFAULT for what was not given. */
export const hiddenColumn = {
  why: "names every column in an INSERT; one that is hidden from the role takes no DEFAULT (0A000). Give writes a definition of the table that leaves it out, as the rollback here does",
  error: /cannot insert into column/,
}
