/**
 * Undoes what packing changed in package.json. `npm pack` and `npm publish` run it at their end.
 * @module
 */
import { restoreManifest } from "./manifest.ts";
import { projectRoot } from "./project.ts";

restoreManifest(projectRoot);
