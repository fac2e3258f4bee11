// Starts the console.
import { render } from "preact";

import { App, prepare } from "./shell/app.tsx";
import { listenForKeys } from "./shell/commands.ts";
import { followLinks } from "./shell/router.ts";
import { applyTheme, followSystemTheme } from "./shell/theme.ts";
import "./styles/all.css";

applyTheme();
followSystemTheme();
await prepare();
const root = document.getElementById("app");
if (root) {
  followLinks(root);
  listenForKeys();
  render(<App />, root);
}
