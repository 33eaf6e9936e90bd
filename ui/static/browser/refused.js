// What goes wrong with a hub, said beside it, with buttons for what helps.

import { attempt } from "../api.js";
import { parts, say } from "../dom.js";

const NEEDS_TOKEN = ["hub_login", "hub_licence"];

/** Whether a token may help where this went wrong. */
export const needsToken = ({ code }) => NEEDS_TOKEN.includes(code);

/** Does something; what goes wrong is said in `place`, where `again` does it once more. */
export async function told(place, action, again = null) {
  place.hidden = true;
  return attempt(action, (error) => {
    const own = parts(place);
    say(own.words, `${error.sentence} ${error.hint}`);
    own.token.hidden = !needsToken(error);
    own.again.hidden = !again;
    own.again.onclick = again;
    place.hidden = false;
  });
}
