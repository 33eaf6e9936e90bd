// Pointers: one draws; two fingers, the middle button or Space move; wheel and pinch zoom, with Shift the brush.

/** Follow the pointers on a surface. `hand` is that of a board. */
export function gestures(surface, view, hand) {
  const fingers = new Map();
  let doing = null; // "drawing", "moving", "pinching"
  let pen = false; // one was used: fingers move the picture then, and a palm draws nothing

  surface.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[data-own-pointer]")) return;
    event.preventDefault();
    const touches = event.pointerType === "touch";
    if (touches && pen && doing === "drawing") return;
    if (event.pointerType === "pen") {
      pen = true;
      if (doing === "drawing") hand.cancel(); // the palm came first
      fingers.clear();
      doing = null;
    }
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    if (doing === "pinching") return;
    fingers.set(event.pointerId, event);
    if (fingers.size > 1) {
      if (doing === "drawing") hand.cancel();
      doing = "pinching";
    } else if (event.button === 1 || hand.moves() || (touches && pen)) doing = "moving";
    else if (event.button === 0) {
      doing = "drawing";
      hand.down(view.place(event), event);
    }
  });

  surface.addEventListener("pointermove", (event) => {
    hand.hover(event.target.closest("[data-own-pointer]") ? null : event);
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (doing === "pinching") pinch(before, event);
    else if (doing === "moving") view.move(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (doing === "drawing") {
      const all = event.getCoalescedEvents?.() ?? [];
      hand.move((all.length ? all : [event]).map((one) => view.place(one)), event);
    }
    fingers.set(event.pointerId, event);
  });

  function pinch(before, now) {
    const [, other] = [...fingers].find(([id]) => id !== now.pointerId) ?? [];
    if (!other) return;
    const apart = (one) => Math.max(Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY), 1);
    view.move((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
    view.zoom(apart(now) / apart(before), (now.clientX + other.clientX) / 2, (now.clientY + other.clientY) / 2);
  }

  function ended(event) {
    if (!fingers.delete(event.pointerId)) return;
    if (doing === "drawing") {
      if (event.type === "pointerup") hand.up(view.place(event), event);
      else hand.cancel();
    }
    if (!fingers.size) doing = null;
  }
  surface.addEventListener("pointerup", ended);
  surface.addEventListener("pointercancel", ended);
  surface.addEventListener("lostpointercapture", ended);
  surface.addEventListener("pointerleave", () => hand.hover(null));
  surface.addEventListener("dblclick", (event) => (hand.moves() || !hand.holds(view.place(event))) && view.fit());
  surface.addEventListener("contextmenu", (event) => event.preventDefault());
  surface.addEventListener("auxclick", (event) => event.preventDefault());
  surface.addEventListener("wheel", (event) => {
    event.preventDefault();
    const delta = event.deltaY || event.deltaX; // some systems turn it with Shift
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? delta / 100 : delta / 3;
    // A trackpad's pinch comes as small steps with Ctrl.
    const factor = Math.exp(event.ctrlKey ? Math.min(Math.max(-lines, -0.25), 0.25) : -lines * 0.18);
    if (event.shiftKey) hand.size(factor);
    else view.zoom(factor, event.clientX, event.clientY);
    hand.hover(event);
  }, { passive: false });
}
