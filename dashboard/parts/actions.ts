/**
 * Buttons that act. Each is a form of its own, or one of several buttons of the form of a selection.
 * @module
 */
import { type Html, html } from "./html.ts";
import { mayAct, queueLink, type QueueVisit } from "./visit.ts";

/** The actions on tasks. */
export type TaskAction = "cancel" | "restore" | "retry" | "run-now" | "delete";

/** How an action is called, and what it asks. */
export const TASK_ACTIONS: Readonly<Record<TaskAction, { readonly label: string; readonly asks: boolean }>> = {
  cancel: { label: "Cancel", asks: true },
  restore: { label: "Run after all", asks: false },
  retry: { label: "Retry", asks: false },
  "run-now": { label: "Run now", asks: false },
  delete: { label: "Delete", asks: true },
};

/** A button, and what it sends. */
export interface ActionButton {
  readonly action: string;
  readonly label: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** The question before it is done. */
  readonly question?: string | undefined;
  /** What a screen reader says in place of the label. */
  readonly name?: string;
  readonly strong?: boolean;
}

/**
 * A button in a form of its own.
 *
 * @param visit Of the page.
 * @param button What it does.
 * @returns Nothing for those who may not act
 */
export function actionButton(
  visit: QueueVisit,
  { action, label, fields = {}, question, name, strong }: ActionButton,
): Html | "" {
  if (!mayAct(visit)) return "";
  const inputs = Object.entries({ ...fields, back: backOf(visit) }).map(([key, value]) =>
    html`<input type="hidden" name="${key}" value="${value}">`
  );
  const ask = question === undefined ? "" : html`
    data-confirm="${question}"
  `;
  return html`
    <form method="post" action="${queueLink(visit, `act/${action}`)}" class="act"
      ${ask}>${inputs}<button${strong
        ? html`
          class="strong"
        `
        : ""}${name === undefined ? "" : html`
        aria-label="${name}"
      `}>${label}</button></form>
  `;
}

/**
 * A button that does something with one task.
 *
 * @param visit Of the page.
 * @param action What.
 * @param id Id of the task.
 * @param of What a screen reader says of the task.
 */
export function taskButton(visit: QueueVisit, action: TaskAction, id: string, of: string): Html | "" {
  const { label, asks } = TASK_ACTIONS[action];
  const question = asks ? `${label} ${of}?` : undefined;
  return actionButton(visit, { action, label, fields: { id }, question, name: `${label} ${of}` });
}

/** The page to come back to: this one, without what was done before. */
export function backOf({ url }: QueueVisit): string {
  const query = new URLSearchParams(url.search);
  for (const key of ["done", "n", "of"]) query.delete(key);
  return `${url.pathname}${query.size === 0 ? "" : `?${query}`}`;
}
