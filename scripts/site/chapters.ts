/**
 * The chapters of the guide, in the order of its menu.
 * @module
 */

/** Some pages under one heading. */
export interface Chapter {
  readonly title: string;
  /** Markdown files, relative to the project. */
  readonly pages: readonly string[];
}

/** Every page of the guide. A file of docs/ that is missing here is a failure of the build. */
export const chapters: readonly Chapter[] = [
  { title: "First steps", pages: ["README.md", "docs/start_here.md", "docs/guide.md", "docs/pitfalls.md"] },
  {
    title: "Using it",
    pages: [
      "docs/scheduling.md",
      "docs/composition.md",
      "docs/results.md",
      "docs/resources.md",
      "docs/unique.md",
      "docs/concurrency.md",
      "docs/steps.md",
      "docs/delivery.md",
      "docs/recipes.md",
      "docs/application.md",
      "docs/testing.md",
    ],
  },
  {
    title: "Running it",
    pages: [
      "docs/storages.md",
      "docs/consumer.md",
      "docs/deployment.md",
      "docs/before_production.md",
      "docs/operating.md",
      "docs/command_line.md",
      "docs/dashboard.md",
      "docs/telemetry.md",
      "docs/security.md",
      "docs/troubleshooting.md",
      "docs/node.md",
      "docs/bundling.md",
    ],
  },
  {
    title: "Beside it",
    pages: [
      "docs/coming_from_huey.md",
      "docs/coming_from_bullmq.md",
      "docs/benchmarks.md",
      "docs/writing_a_storage.md",
      "ARCHITECTURE.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "SECURITY.md",
    ],
  },
];
