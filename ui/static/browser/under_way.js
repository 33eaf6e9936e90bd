// How a download gets on, in words.

import { duration, fileSize } from "../words.js";

/** One sentence about a download. */
export function underWay(job) {
  if (job.failure) return `${job.failure.sentence} ${job.failure.hint}`;
  if (job.state === "finished") return [job.outcome, ...job.warnings].join(" ");
  if (job.state === "cancelled") return "Cancelled";
  const done = amount(job);
  if (job.paused) return done ? `Paused at ${done}` : "Paused";
  if (job.state === "queued") return "Waits for the downloads before it";
  const checking = job.stage.startsWith("Downloading ") ? "" : job.stage || "Asking for the file";
  const speed = job.speed && !checking ? `${(job.speed / 1e6).toFixed(job.speed < 1e7 ? 1 : 0)} MB/s` : "";
  const left = job.seconds_left === null || checking ? "" : `${duration(job.seconds_left)} left`;
  return [checking, done, speed, left].filter(Boolean).join(" · ");
}

/** “2.1 of 6.6 GB”. */
function amount({ done_bytes: done, total_bytes: whole }) {
  if (!whole) return "";
  return `${fileSize(done).replace(whole < 1e9 ? " MB" : " GB", "")} of ${fileSize(whole)}`;
}
