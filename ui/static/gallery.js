// The gallery tab: every picture in one large grid.

import { h, part, say } from "./dom.js";
import { grid } from "./results.js";
import { store } from "./store.js";

part("easel-gallery", store, (host) => {
  const title = h("h2", {}, "Gallery");
  host.append(title);
  const update = grid(host, (picture) => store.change({ viewer: picture.id }));
  return (state) => {
    say(title, "Gallery");
    update(state);
  };
});
