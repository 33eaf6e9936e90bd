// Numbers and times in words.

/** 9 → "9 s", 75 → "1 min 15 s". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${Math.max(1, whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes in GB, as memory is sold. */
export function gigabytes(bytes) {
  const value = bytes / 2 ** 30;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** A file's size: 6_938_078_334 → "6.9 GB", 246_144_152 → "246 MB". */
export function fileSize(bytes) {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** "Today", "Yesterday" or a date. */
export function day(seconds) {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const then = new Date(seconds * 1000);
  const days = Math.ceil((midnight - then) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return then.toLocaleDateString(undefined, { dateStyle: "full" });
}

/** The time of day. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(undefined, { timeStyle: "short" });
}

/** What a job is doing, in one sentence. */
export function doing(job, system) {
  if (job.state === "queued") {
    if (system?.queue_paused) return "Waits: the queue is paused";
    return job.position > 1 ? `Number ${job.position} in the queue` : "Next in the queue";
  }
  if (job.state === "running") {
    if (system?.engine === "restarting") return "The engine is restarting; the job goes on by itself";
    return running(job);
  }
  return "Stopped";
}

function running(job) {
  const { progress, done_bytes: read, total_bytes: whole } = job;
  const stage = job.stage || "The engine is getting ready";
  if (whole) return `${stage} · ${fileSize(read).replace(whole < 1e9 ? " MB" : " GB", "")} of ${fileSize(whole)}`;
  const draws = job.pictures_wanted > 0; // other jobs' stages tell how far they are
  if (!draws || !progress || progress.step >= progress.steps) return stage;
  const of = progress.batches > 1 ? ` · picture ${progress.batch} of ${progress.batches}` : "";
  const left = progress.seconds_left === null ? "" : ` · ${duration(progress.seconds_left)} left`;
  return `${job.kind === "upscale" ? "Tile" : "Step"} ${progress.step} of ${progress.steps}${of}${left}`;
}

/** How much of a job is done, from 0 to 1; null while that is not known. */
export function share(job) {
  const { progress, done_bytes: read, total_bytes: whole } = job;
  if (job.state === "running" && whole) return read / whole;
  if (job.state !== "running" || !progress) return null;
  return (progress.batch - 1 + progress.step / progress.steps) / progress.batches;
}
