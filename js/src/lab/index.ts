import { entriesPlugin } from "./entries";
import { quietPlugin } from "./quiet";
import { starterPlugin } from "./starter";

export { IStarterNotebooks } from "./tokens";

export default [starterPlugin, entriesPlugin, quietPlugin];
