// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { follow } from "./route";
import { App } from "./views/app";
// Makes components draw anew when a signal that they read changes.
import "@preact/signals";

follow();
const place = document.getElementById("page");
if (place) render(<App />, place);
