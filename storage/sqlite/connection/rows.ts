/**
 * Many rows by few statements: one statement for many rows costs half of what one for each of them costs.
 * @module
 */
import type { SqlValue } from "./database.ts";
import type { Connection } from "./connection.ts";

/** Rows per statement; more would not be faster. */
const SIZES = [50, 10, 1];

/** The same statement for some numbers of rows, the largest first. */
export type RowStatements = readonly { readonly rows: number; readonly sql: string }[];

/**
 * @param insert What comes before the rows.
 * @param row SQL for the row at an index. What all rows share has numbers, each of which stands before the first `?` of what they do not.
 * @param rest What comes behind them.
 */
export function rowStatements(insert: string, row: (index: number) => string, rest = ""): RowStatements {
  return SIZES.map((rows) => ({
    rows,
    sql: `${insert} values ${Array.from({ length: rows }, (_, index) => row(index)).join(", ")} ${rest}`,
  }));
}

/**
 * @param head Gives what the rows of a statement share. Parameter: the index of the first
 * @param add Appends what an item has of its own.
 */
export function writeRows<T>(
  connection: Connection,
  statements: RowStatements,
  items: readonly T[],
  head: (start: number) => SqlValue[],
  add: (values: SqlValue[], item: T) => void,
): void {
  for (let start = 0; start < items.length;) {
    const { rows, sql } = statements.find(({ rows }) => rows <= items.length - start)!;
    const values = head(start);
    for (const end = start + rows; start < end; start++) add(values, items[start]!);
    connection.runAll(sql, values);
  }
}
