#!/bin/sh
# An example for [display] with sway or another wlroots compositor, whose screen no framebuffer reaches:
#   kind = "command"
#   command = ["/usr/share/latchkey/firmware/sway-pin.sh"]
# The service's user must reach the compositor: the one it runs as, with its WAYLAND_DISPLAY and
# XDG_RUNTIME_DIR. swaynag draws a bar over everything, until it is ended.
set -eu

: "${XDG_RUNTIME_DIR:=/run/user/$(id -u)}"
: "${WAYLAND_DISPLAY:=wayland-1}"
export XDG_RUNTIME_DIR WAYLAND_DISPLAY
bar=$XDG_RUNTIME_DIR/latchkey-pin

if [ -r "$bar" ]; then
  kill "$(cat "$bar")" 2>/dev/null || :
  rm -f "$bar"
fi
case ${LATCHKEY_EVENT:-} in
  show) message="Pairing PIN: $LATCHKEY_PIN" ;;
  warn) message="Pairing PIN: $LATCHKEY_PIN (wrong guess $LATCHKEY_FAILURES of $LATCHKEY_LIMIT)" ;;
  *) exit 0 ;;
esac
# A session of its own: the service ends what it started after ten seconds, the bar stays.
setsid swaynag --layer overlay --message "$message" >/dev/null 2>&1 </dev/null &
echo $! >"$bar"
