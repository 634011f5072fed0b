// All scripts, in the order in which they listen. What is imported here is served as one file; a
// browser can also read it as it stands.
import "./csrf.js";
import "./action.js";
import "./redirects.js";
import "./once.js";
import "./composer.js";
import "./seed.js";
import "./copy.js";
import "./toast.js";
import "./find.js";
import "./compare.js";
import "./selection.js";
import "./reuse.js";
import "./dragging.js";
import "./viewer.js";
import "./keyboard.js";
import "./recipe.js";
