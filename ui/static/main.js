// The page's own code: Gradio draws the form and calls us through `window.easel`.

import { follow } from "./feed.js";
import { changed, started, wantedValues } from "./form.js";
import { listenToKeys } from "./keys.js";
import { generate, sendKept } from "./doings.js";
import "./bar.js";
import "./composer.js";
import "./controls.js";
import "./lazy.js";
import "./memory.js";
import "./models.js";
import "./panes.js";
import "./queue.js";
import "./receiving.js";
import "./results.js";
import "./stage.js";
import "./tabs.js";

window.easel = { changed, generate, started, wanted: wantedValues };

listenToKeys();
follow(sendKept);
