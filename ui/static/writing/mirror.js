// A copy of a prompt box that lies over it: it shows where pieces end, and knows where the caret is.

const COPIED = [
  "fontFamily", "fontSize", "fontWeight", "fontStyle", "letterSpacing", "lineHeight", "tabSize", "textAlign", "textIndent",
  "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth",
];

/** The copy of a box. */
export function mirror(box) {
  const over = document.createElement("div");
  const text = document.createElement("div");
  over.className = "writing-mirror";
  over.setAttribute("aria-hidden", "true");
  over.append(text);
  box.parentElement.append(over);
  // What lies over the box stands in its label too, and would become a part of its name.
  box.setAttribute("aria-label", box.closest("label").firstElementChild.textContent.trim());
  let marks = { cuts: [], lost: null };

  function lay() {
    const look = getComputedStyle(box);
    for (const name of COPIED) text.style[name] = look[name];
    Object.assign(over.style, { left: `${box.offsetLeft}px`, top: `${box.offsetTop}px`, width: `${box.offsetWidth}px`, height: `${box.offsetHeight}px` });
    const bar = box.offsetWidth - box.clientWidth - parseFloat(look.borderLeftWidth) - parseFloat(look.borderRightWidth);
    text.style.width = `${box.offsetWidth - bar}px`;
    text.style.transform = `translateY(${-box.scrollTop}px)`;
  }

  function draw() {
    const { cuts, lost } = marks;
    const shown = cuts.length > 0 || lost !== null;
    over.hidden = !shown;
    if (!shown) return;
    text.replaceChildren(...drawn(box.value, cuts, lost));
    lay();
  }

  box.addEventListener("scroll", () => over.hidden || lay());
  new ResizeObserver(draw).observe(box);

  return {
    /** Show where pieces end, and from where on nothing is heard. */
    mark(cuts, lost) {
      marks = { cuts, lost };
      draw();
    },

    /** What was typed since moved the marks away: they come again with the next answer. */
    clear() {
      marks = { cuts: [], lost: null };
      draw();
    },

    /** Where a character is on the screen: the left edge and both ends of its line. */
    at(place) {
      const point = document.createElement("i");
      point.textContent = "\u200b";
      text.replaceChildren(box.value.slice(0, place), point, box.value.slice(place));
      over.hidden = false;
      lay();
      const { left, top, bottom } = point.getBoundingClientRect();
      draw();
      return { left, top, bottom };
    },
  };
}

/** The text with its marks. */
function drawn(value, cuts, lost) {
  const parts = [];
  let read = 0;
  for (const cut of cuts) {
    parts.push(value.slice(read, cut), made("i", "cut"));
    read = cut;
  }
  if (lost === null) return [...parts, value.slice(read)];
  const rest = made("span", "lost");
  rest.textContent = value.slice(lost);
  return [...parts, value.slice(read, lost), rest];
}

function made(tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}
