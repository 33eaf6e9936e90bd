// A long list of hits, of which the page holds those near the ones that are seen.

const AT_ONCE = 4; // pictures under way: a browser has six connections, and clicks need one
const NEAR = "600px";
const waiting = [];
let underWay = 0;

/** Fetch the pictures in an element, a few at a time; before those that wait, if they are to be first. */
export function fetchPictures(element, { first = false } = {}) {
  waiting.splice(first ? 0 : waiting.length, 0, ...element.querySelectorAll("img[data-src]"));
  next();
}

function next() {
  while (underWay < AT_ONCE && waiting.length) {
    const image = waiting.shift();
    if (!image.isConnected) continue;
    underWay += 1;
    image.onload = image.onerror = ({ type }) => {
      underWay -= 1;
      if (type === "error") image.remove();
      next();
    };
    image.src = image.dataset.src;
    image.removeAttribute("data-src");
  }
}

/** Tiles in `list`, which scrolls in `pane`; `more` is called when its end comes near. */
export function tiles(pane, list, more) {
  const html = new WeakMap();
  const end = document.createElement("div");
  let known = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (target === end) {
        if (isIntersecting) more();
      } else if (!isIntersecting) {
        if (!target.contains(document.activeElement)) target.replaceChildren();
      } else if (!target.firstChild) {
        target.innerHTML = html.get(target);
        fetchPictures(target);
      }
    }
  }, { root: pane, rootMargin: NEAR });
  end.className = "end";

  return {
    /** Take the place of what is there. */
    clear() {
      observer.disconnect();
      known = new Set();
      list.replaceChildren();
      pane.replaceChildren(list, end);
      pane.scrollTop = 0;
    },

    /** Put hits at the end; those that are there already are left out. */
    add(cards) {
      const given = document.createElement("template");
      given.innerHTML = cards;
      for (const tile of [...given.content.children]) {
        const { id } = tile.querySelector("button").dataset;
        if (known.has(id)) continue;
        known.add(id);
        html.set(tile, tile.innerHTML);
        tile.replaceChildren();
        list.append(tile);
        observer.observe(tile);
      }
      observer.unobserve(end);
      observer.observe(end); // it tells at once whether it is near
    },

    get count() {
      return known.size;
    },
  };
}
