// A word from the browser when a training has ended, where the person wants it.

import { remember, remembered, store } from "../store.js";

const KEY = "easel.training.notifies";

/** Wire the choice; it is there only where the browser can tell. */
export function notices({ notify, notifies }) {
  if (!("Notification" in window) || !window.isSecureContext) return;
  notify.hidden = false;
  notifies.checked = Boolean(remembered(KEY, "localStorage")) && Notification.permission === "granted";
  notifies.onchange = async () => {
    const granted = notifies.checked && (await Notification.requestPermission()) === "granted";
    notifies.checked = granted;
    remember(KEY, granted ? "yes" : null, "localStorage");
  };
  const running = new Set();
  store.subscribe(() => {
    for (const job of store.state.jobs.values()) {
      if (job.kind !== "train") continue;
      if (job.state === "running") running.add(job.id);
      else if (running.delete(job.id) && notifies.checked) tell(job);
    }
  });
}

function tell({ title, outcome, failure }) {
  const body = failure?.sentence || outcome || "The training has ended.";
  const notice = new Notification(title || "Easel", { body });
  notice.onclick = () => window.focus();
}
