/** The one module that every nengolab widget hands to anywidget. */

import "./lab.css";
import "./tables.css";

export { default } from "./lab";
