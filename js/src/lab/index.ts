import { entriesPlugin } from './entries';
import { starterPlugin } from './starter';

export { IStarterNotebooks } from './tokens';

export default [starterPlugin, entriesPlugin];
