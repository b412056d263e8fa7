// A person's file: what was just recorded can be taken back at once.

import { enhance } from "./undo.js";

enhance(document);
