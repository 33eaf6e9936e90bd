// Calls to Easel's own routes.

/** An answer that says no, or no answer at all. */
export class CallError extends Error {
  constructor({ sentence, hint = "", code = "", field = "", details = "", unreachable = false }) {
    super(sentence);
    Object.assign(this, { sentence, hint, code, field, details, unreachable });
  }
}

const NO_ANSWER = {
  sentence: "Easel does not answer.",
  hint: "It may be restarting, or its window was closed.",
  unreachable: true,
};

/** Call a route; returns its JSON, or null where it has none. */
export async function call(method, path, body, patience = 60_000) {
  const options = { method, headers: {}, signal: AbortSignal.timeout(patience) };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new CallError({ ...NO_ANSWER, details: String(error) });
  }
  if (response.status === 204) return null;
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new CallError(refusal(response, text, `${method} ${path}`));
}

/** Do something; `tell` hears of a call that goes wrong, and nothing comes of it. */
export async function attempt(action, tell) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    tell(error);
  }
}

function refusal(response, text, asked) {
  const details = `${asked}\n${response.status} ${response.statusText}\n${text}`;
  if (response.status === 401) {
    return { sentence: "You are no longer logged in.", hint: "Reload the page to log in.", details };
  }
  try {
    const { error } = JSON.parse(text);
    return error.field ? error : { ...error, details };
  } catch {
    return { sentence: "Easel gave an answer that the page does not understand.", hint: "Reload the page.", details };
  }
}

/** A name for one click, so that repeating it does not do it twice. */
export function token() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
