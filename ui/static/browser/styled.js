// Looks of code that comes later.

/** Load a style sheet, so that it is there before what it is for is drawn. */
export function styled(name) {
  return new Promise((done) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: new URL(`${name}.css`, import.meta.url).href, onload: done, onerror: done });
    document.head.append(link);
  });
}
