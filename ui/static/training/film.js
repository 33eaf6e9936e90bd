// The sample pictures of a training beside those of the checkpoint alone, as a strip and a slider.

import { say, set } from "../dom.js";

/** Wire the strip; gives what draws a story's samples. */
export function film({ film: place, pair, at, slide, strip }) {
  let story = null;
  let rounds = [];
  let known = "";

  const look = (index) => {
    const step = rounds[index];
    slide.value = index;
    say(at, `After ${step} of ${story.steps} steps`);
    slide.setAttribute("aria-valuetext", at.textContent);
    pair.replaceChildren(...compared(story, step));
    for (const button of strip.children) set(button, "aria-pressed", String(button.dataset.step === String(step)));
  };
  slide.oninput = () => look(Number(slide.value));
  strip.onclick = ({ target }) => {
    const button = target.closest("button");
    if (button) look(rounds.indexOf(Number(button.dataset.step)));
  };

  return (now) => {
    const files = now.samples.map(({ file }) => file).join();
    place.hidden = !now.samples.length;
    if (!now.samples.length || `${now.id} ${files}` === known) return;
    const followed = story?.id !== now.id || Number(slide.value) === rounds.length - 1;
    known = `${now.id} ${files}`;
    story = now;
    rounds = [...new Set(now.samples.map(({ step }) => step))].sort((a, b) => a - b);
    slide.max = rounds.length - 1;
    slide.hidden = rounds.length < 2;
    strip.replaceChildren(...rounds.map((step) => frame(story, step)));
    look(followed ? rounds.length - 1 : Math.min(Number(slide.value), rounds.length - 1));
    if (followed) strip.scrollLeft = strip.scrollWidth;
  };
}

/** For each prompt, the checkpoint alone and what it draws after some steps. */
function compared(story, step) {
  const places = [...new Set(story.samples.map(({ place }) => place))];
  return places.flatMap((place) => {
    const both = [sampleOf(story, 0, place), sampleOf(story, step, place)].filter(Boolean);
    const prompt = story.prompts[place] ?? "";
    const figure = document.createElement("figure");
    const caption = Object.assign(document.createElement("figcaption"), { textContent: prompt });
    const pictures = document.createElement("div");
    pictures.append(...[...new Set(both)].map((sample) => picture(story, sample, prompt)));
    figure.append(pictures, caption);
    return both.length ? [figure] : [];
  });
}

function picture(story, sample, prompt) {
  const { step } = sample;
  const box = document.createElement("span");
  const words = Object.assign(document.createElement("small"), { textContent: step ? `Step ${step}` : "Without" });
  const alt = [prompt, step ? `after ${step} steps` : "without the LoRA"].filter(Boolean).join(", ");
  box.append(image(story, sample, alt), words);
  return box;
}

function frame(story, step) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", title: step ? `Step ${step}` : "Without the LoRA" });
  button.dataset.step = step;
  const sample = story.samples.find((each) => each.step === step);
  button.append(image(story, sample, ""), Object.assign(document.createElement("small"), { textContent: step || "without" }));
  return button;
}

/** The picture of a sample. */
export function image(story, { file }, alt) {
  const made = document.createElement("img");
  Object.assign(made, { src: `/api/trainings/${story.id}/samples/${file}`, alt, loading: "lazy", decoding: "async" });
  return made;
}

function sampleOf({ samples }, step, place) {
  return samples.find((each) => each.step === step && each.place === place);
}
